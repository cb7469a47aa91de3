"""Files, tables and addresses that are generated or edited at random: an answer or one sentence."""

import shutil

import pandas as pd
import pytest
from attempts import attempt, try_each
from hypothesis import strategies as st
from odd_files import (
    FORMATS,
    MODES,
    cells,
    edit,
    edits,
    encode_photo,
    tables,
    zips,
)  # fmt: skip
from PIL import Image

from zapcls.answer.limits import open_answering
from zapcls.answer.many import answer_all, list_columns, list_photos, write_csv
from zapcls.data.predictions_file import match_paths, read_predictions
from zapcls.data.sources import find_place, read_catalogue
from zapcls.progress import silent
from zapcls.ui import navigation
from zapcls.workspace import color_labels, sheets
from zapcls.workspace.layout import Workspace
from zapcls.workspace.opening import open_store
from zapcls.workspace.reviews import open_reviews

LABELS = {"i1": "Women", "i2": "Men"}
SHEETS = {
    "predictions.csv": [
        {"path": "a.jpg", "prob_Women": "0.5", "prob_Men": "0.5", "split": "valid"},
        {"path": "folder/b.png", "prob_Women": "1", "prob_Men": "0", "split": "train"},
    ],
    "predictions.tsv": [
        {"path": "a.jpg", "prediction": "Women"}, {"path": "folder/b.png", "prediction": "Men"},
    ],
    "reviews": [
        {"image_id": image_id, "label": label, "mark": "label wrong", "right_label": right,
         "note": "", "reviewer": "Ann", "decided_at": "2026-01-31T16:05:00+00:00",
         "settles": "no", "catalogue_id": "c", "target": "gender"}
        for image_id, label, right in (("i1", "Women", "Men"), ("i2", "Men", "Women"))
    ],
    "colors": [
        {"image_id": "i1", "color": "black", "also_fair": "grey"},
        {"image_id": "i2", "color": "", "also_fair": ""},
    ],
}  # fmt: skip


@pytest.fixture(scope="module")
def photos(drawn):
    """Whole files of real photos: each format, in each of the modes that it is tried in."""
    file = next(drawn.rglob("*.jpg"))
    with Image.open(file) as photo:
        return [
            encode_photo(photo, kind, mode)
            for kind in FORMATS
            for mode in MODES.get(kind, ("RGB",))
        ]


def test_an_upload_is_answered_or_refused(photos, color_run, judge, is_full, seed):
    answer = open_answering(color_run)
    upload = st.tuples(st.integers(0, len(photos) - 1), edits)

    def act(given):
        number, changes = given
        content = edit(photos[number], changes)
        return attempt(f"photo {number}, {changes}", lambda: check(answer(content, "a.jpg")))

    def check(answers):
        [found] = answers.values()
        assert abs(sum(found.prob.values()) - 1) < 1e-5

    whole = [act((number, [])) for number in range(len(photos))]
    assert not [one for one in whole if one.said or one.fault]
    judge("uploads", whole + try_each(upload, act, (1000 if is_full else 60) - len(whole), seed))


@pytest.fixture
def read_all(tmp_path):
    """Return a function that reads a place as the data, its photos and their colors too."""
    workspace = Workspace(tmp_path / "workspace")

    def read_all(place):
        return open_store(workspace, read_catalogue(find_place(str(place))))

    return read_all


def test_a_catalogue_is_read_or_refused(
    write_catalogue, photos, read_all, judge, tmp_path, is_full, seed
):
    rows = [
        {"CID": f"{100 + n}-{n}", "Gender": ("Women", "Men")[n % 2], "photo": photos[n % 3]}
        for n in range(12)
    ]
    whole = write_catalogue(tmp_path / "whole", rows)
    files = sorted(path.relative_to(whole) for path in whole.rglob("*") if path.is_file())
    assert len(read_all(whole).read_catalog()) == 12
    files = [*files[:2] * 9, *files]  # the tables oftener than a photo
    changed = st.tuples(st.sampled_from(files), edits)

    def act(given):
        name, changes = given
        place = tmp_path / "changed"
        shutil.rmtree(place, ignore_errors=True)
        file = shutil.copytree(whole, place) / name
        file.write_bytes(edit(file.read_bytes(), changes))
        return attempt(f"{name}, {changes}", lambda: read_all(place))

    judge("catalogues", try_each(changed, act, 100 if is_full else 15, seed))


def test_a_table_of_photos_is_read_or_refused(photos, read_all, judge, tmp_path, is_full, seed):
    rows = [
        {"path": f"{n}.jpg", "label": ("Women", "Men")[n % 2], "kind": str(n % 3)}
        for n in range(12)
    ]
    for row in rows:
        (tmp_path / row["path"]).write_bytes(photos[0] + row["path"].encode())  # each its own
    table = pd.DataFrame(rows)
    whole = [("csv", table.to_csv(index=False).encode()), ("parquet", table.to_parquet())]
    contents = st.one_of(st.tuples(st.sampled_from(("csv", "tsv")), tables(rows)), edit_one(whole))

    def act(given):
        suffix, content = given
        file = tmp_path / f"table.{suffix}"
        file.write_bytes(content)
        return attempt(f"{suffix}: {content!r}", lambda: read_all(file))

    assert not [one for one in map(act, whole) if one.said or one.fault]
    judge("tables", try_each(contents, act, 100 if is_full else 25, seed))


def test_a_zip_is_answered_or_refused(photos, color_run, judge, tmp_path, is_full, seed):
    answer, task = open_answering(color_run), color_run.task
    file = tmp_path / "photos.zip"

    def answer_zip():
        found = answer_all(list_photos(file), answer, task, [task], silent)
        write_csv(tmp_path / "answers.csv", list_columns(task, [task]), found)

    def act(content):
        file.write_bytes(content)
        return attempt(f"{len(content)} bytes: {content[:200]!r}", answer_zip)

    judge("zips", try_each(zips(photos), act, 100 if is_full else 15, seed))


def test_a_file_of_decisions_answers_or_colors_is_read_or_refused(judge, tmp_path, is_full, seed):
    reviews = open_reviews(Workspace(tmp_path))

    def read(kind, content):
        if kind == "reviews":
            decisions = sheets.read_csv(content, "a.csv")
            reviews.add_each(sheets.check_known(decisions, "a.csv", LABELS, "c", "gender"))
        elif kind == "colors":
            color_labels.read_csv(content, "a.csv")
        else:
            (tmp_path / kind).write_bytes(content)
            given = read_predictions(tmp_path / kind, ("Women", "Men"))
            match_paths(given.paths, ["a.jpg", "folder/b.png"])

    def act(given):
        kind, content = given
        return attempt(f"{kind}: {content!r}", lambda: read(kind, content))

    whole = [(kind, write_sheet(kind)) for kind in SHEETS]
    assert not [one for one in map(act, whole) if one.said or one.fault]
    written = [st.tuples(st.just(kind), tables(rows)) for kind, rows in SHEETS.items()]
    given = st.one_of(*written, edit_one(whole))
    judge("decisions, colors and predictions", try_each(given, act, 300 if is_full else 40, seed))


def write_sheet(kind):
    separator = "\t" if kind.endswith("tsv") else ","
    return pd.DataFrame(SHEETS[kind]).to_csv(index=False, sep=separator).encode()


def edit_one(whole):
    """Edit the bytes of one of some files: name and content."""
    chosen = st.tuples(st.sampled_from(whole), edits)
    return chosen.map(lambda pair: (pair[0][0], edit(pair[0][1], pair[1])))


NAMES = (
    "run", "target", "view", "image", "open", "with", "by", "source", "page", "split", "answer",
    "label", "color", "text", "prediction", "category", "sub_category", "brand", "sure", "loss",
    "reviewed", "cause", "sort", "naming", "claim_color", "claim_way", "similar_colors",
    "weight_shape", "similar_by", "only_color", "open_claim", "open_recolor", "open_disk",
    "open_left_out", "marked", "embed", "embed_options",
)  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("page", navigation.PAGES)
def test_a_page_opens_at_any_address(shown, open_page, page, judge, is_full, seed):
    workspace = Workspace(shown.path.parents[1])
    known = st.sampled_from(
        (shown.run_id, "gender", "Gallery", "Suspects", "Slices", "Map", "true", "false", "1",
         "0", "-1", "999999999999", "1,2", "valid", "wrong", "black", "Women-Men", "loss", page)
    )  # fmt: skip
    value = st.one_of(known, cells, st.lists(st.one_of(known, cells), max_size=3))
    query = st.dictionaries(
        st.one_of(st.sampled_from(NAMES), st.text(max_size=8)), value, max_size=5
    )

    def act(params):
        return attempt(f"{page}?{params}", lambda: open_page(workspace, page, **params))

    judge(f"addresses: {page}", try_each(query, act, 200 if is_full else 2, seed))
