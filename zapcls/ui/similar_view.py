"""What is asked of Similar: the photo, how much its aspects count, and what may be found."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import streamlit as st

from zapcls.answer.similar import Embed
from zapcls.blocks import numbers
from zapcls.data.photo import SUFFIXES
from zapcls.errors import BadInput
from zapcls.findings import similar
from zapcls.findings.ask import name_column
from zapcls.findings.shelf import ASPECTS, KIND, Shelf, find_whole_body, open_embed, open_shelf
from zapcls.findings.similar import WEIGHTS, Query, Wish
from zapcls.ui import cache, job_view, navigation, uploads
from zapcls.ui.detail import TO_TOP
from zapcls.ui.messages import escape
from zapcls.ui.photos import open_photo
from zapcls.ui.similar_cards import describe, name_color, show_small
from zapcls.workspace import permissions
from zapcls.workspace.runs import Run

UPLOAD = "similar_upload"  # in the session: name and content of the visitor's own photo
TEXT, SEEN_BY = "similar_text", "seen_by"
FROZEN, THIS_RUN = "the frozen network", "this run"
FOUND = 8  # photos of a name
HELP = {
    "shape": "What the network sees besides the color: form, material, details.",
    "color": "The named colors and their shares; similar colors count as nearly the same.",
    "kind": "The same {kind} or not.",
}


@dataclass(frozen=True)
class Asked:
    """The photo that is asked about; `image` is its row of the catalogue, None for an upload."""

    query: Query
    photo: Any  # what st.image takes
    title: str
    image: Any


def open_chosen(run: Run) -> Shelf:
    """Open the photos as the chosen network sees them: the frozen one that is there, or the run."""
    evidence = cache.evidence(run)
    is_run = st.session_state.get(SEEN_BY, st.query_params.get(SEEN_BY)) == THIS_RUN
    with st.spinner("Arranging the photos…"):
        return open_shelf(evidence, None if is_run else find_whole_body(evidence))


def _identify_shelf(shelf: Shelf) -> str:
    return str(shelf.body)


@st.cache_resource(
    max_entries=4, show_spinner=False,
    hash_funcs={Run: cache.identify_model, Shelf: _identify_shelf},
)  # fmt: skip
def read_embed(shelf: Shelf, run: Run) -> Embed:
    """What gives the embedding of an upload, its session kept open."""
    return open_embed(shelf, run)


def offer_frozen(run: Run) -> None:
    """Offer the job that lets the frozen network compare, where it has not seen every photo."""
    if permissions.may("start") and find_whole_body(cache.evidence(run)) is None:
        with st.expander("Find more: let the frozen network compare", icon=":material/visibility:"):
            job_view.offer_job(
                "describe", run,
                "This run learned to tell its labels apart, and forgot much else. The frozen "
                "network that it started from usually finds more photos that look alike.",
                "Show it every photo", "visibility", "About a minute for a few thousand photos.",
            )  # fmt: skip


def read_asked(run: Run, shelf: Shelf) -> Asked | None:
    """Read which photo the URL or the session asks about; None before there is one."""
    image_id, upload = st.query_params.get("image"), st.session_state.get(UPLOAD)
    if image_id:
        return _ask_of_catalogue(image_id, run, shelf)
    if upload:
        name, content = upload
        return _ask_of_upload(name, content, run, shelf)
    return None


def _ask_of_catalogue(image_id: str, run: Run, shelf: Shelf) -> Asked | None:
    if not shelf.knows(image_id):
        st.warning(f"The image {escape(image_id[:80])} is not among the photos that are compared.")
        return None
    query = similar.like_photos(shelf, [image_id])
    image = next(shelf.table.iloc[query.rows].itertuples())
    title = describe(image, cache.evidence(run).task)
    return Asked(query, open_photo(cache.evidence(run).store, image), title, image)


def _ask_of_upload(name: str, content: bytes, run: Run, shelf: Shelf) -> Asked | None:
    try:
        pixels = uploads.answer_upload(run, content, name)[run.task.target].pixels
        query = similar.like_upload(shelf, read_embed(shelf, run), pixels)
    except BadInput as error:
        st.error(escape(str(error)), icon=":material/error:")
        return None
    return Asked(query, pixels, name, None)


def show_asked(asked: Asked, run: Run, shelf: Shelf) -> None:
    """Show the photo that is asked about, large, and beside it its product's other colors."""
    # Another photo is another text, which makes the browser run it again; names stay out of it.
    token = hash((asked.title, *asked.query.rows.tolist()))
    st.html(f"{TO_TOP}<!-- {token} -->", unsafe_allow_javascript=True)
    photo, facts = st.columns([2, 3], gap="large", vertical_alignment="center")
    with photo:
        st.image(asked.photo, width="stretch", alt="the photo that is asked about")
    with facts:
        st.subheader(escape(asked.title), anchor=False)
        if asked.image is None:
            st.caption("Your photo. It stays in memory on this machine.")
        else:
            st.caption(f"{escape(name_color(asked.image))} · image {escape(asked.image.image_id)}")
            show_siblings(asked.image, run, shelf)
        with st.container(horizontal=True, vertical_alignment="center"):
            with st.popover("Another photo", icon=":material/add_photo_alternate:"):
                pick_photo(run, shelf)
            if asked.image is not None:
                navigation.show_link(
                    "errors", "Its answer and its errors", icon=":material/open_in_full:",
                    image=asked.image.image_id,
                )  # fmt: skip


def show_siblings(image: Any, run: Run, shelf: Shelf) -> None:
    """Show the same product in its other colors, small."""
    is_own = shelf.table["product_id"] == image.product_id
    others = shelf.table[is_own & (shelf.table["image_id"] != image.image_id)]
    if others.empty:
        st.caption("This product has no other photo.")
        return
    st.caption("The same product in other colors")
    show_small(others, run, "sibling")


def pick_photo(run: Run, shelf: Shelf) -> None:
    """Ask for a photo: the visitor's own, or one of the catalogue by its name."""
    own, known = st.columns(2, gap="large")
    with own:
        st.file_uploader("Your own photo", SUFFIXES, key=uploads.LIKE, on_change=_take_upload)
    with known:
        text = st.text_input(
            "Or one of the catalogue", key=TEXT, placeholder="Brand, path, product or image"
        )
        if text:
            found = similar.find_text(shelf, text, FOUND)
            if found.empty:
                st.caption("No photo matches. Try a brand, or part of a path such as Boots/Ankle.")
            show_small(found, run, "found")


def _take_upload() -> None:
    file = st.session_state[uploads.LIKE]
    if file is not None:
        ask_about(file.name, file.getvalue())


def ask_about(name: str, content: bytes) -> None:
    """Ask what is like a visitor's own photo: a callback, or before the page is opened."""
    st.session_state[UPLOAD] = name, content
    st.query_params.pop("image", None)


def pick_wish(run: Run, shelf: Shelf, top: int, is_upload: bool = False) -> Wish:
    """Choose what counts and what may be found; all of it is kept in the URL.

    Raises:
        BadInput: nothing counts.
    """
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        with st.popover("What counts", icon=":material/tune:"):
            weights = _pick_weights(shelf, is_upload)
            _pick_body(run)
        where = _pick_filters(run, shelf.attributes)
        colors = st.toggle("Several colors of a product", key="similar_colors", bind="query-params")
    return Wish(weights, where, top, colors)


def _pick_weights(shelf: Shelf, is_upload: bool) -> dict[str, float]:
    kind = name_column(shelf.kind)
    weights = {}
    for name in ASPECTS:
        is_unknown = is_upload and name == KIND
        share = st.slider(
            numbers.begin(kind if name == KIND else name), 0, 100, round(100 * WEIGHTS[name]), 10,
            key=f"weight_{name}", bind="query-params", disabled=is_unknown,
            help=HELP[name].format(kind=kind) + (" Not known for your own photo." * is_unknown),
        )  # fmt: skip
        weights[name] = 0 if is_unknown else share / 100
    return weights


def _pick_body(run: Run) -> None:
    """Choose whose eyes compare the shapes, where the frozen network has seen every photo."""
    if find_whole_body(cache.evidence(run)):
        st.selectbox(
            "Seen by", [FROZEN, THIS_RUN], key=SEEN_BY, bind="query-params",
            help="The frozen network knows only ImageNet; the run learned its labels.",
        )  # fmt: skip


def _pick_filters(run: Run, names: Sequence[str]) -> dict[str, list[str]]:
    evidence = cache.evidence(run)
    active = sum(bool(st.session_state.get(f"only_{name}")) for name in names)
    title = f"Filters · {active} active" if active else "Filters"
    where = {}
    with st.popover(title, icon=":material/filter_alt:", key="similar_filters"):
        for name in names:
            values = evidence.classes if name == "label" else evidence.list_groups(name)
            where[name] = st.multiselect(
                numbers.begin(name_column(name)), values, key=f"only_{name}", placeholder="any",
                bind="query-params",
            )  # fmt: skip
    return where
