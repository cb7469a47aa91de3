"""A run's catalogue made ready to be searched for photos that are alike."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from zapcls.analysis import similar
from zapcls.analysis.similar import Space, normalize
from zapcls.answer.classify import open_classifier
from zapcls.answer.similar import Embed, embed_by_body, embed_by_run
from zapcls.config import read_statistics
from zapcls.data.color_likeness import build_color_vectors
from zapcls.errors import BadInput, Damaged, ZapError
from zapcls.evidence import Evidence
from zapcls.workspace.bodies import BodyFiles, find_body
from zapcls.workspace.layout import stamp_file
from zapcls.workspace.run_tables import open_embeddings
from zapcls.workspace.runs import Run

ASPECTS = SHAPE, COLOR, KIND = "shape", "color", "kind"
KINDS = ("sub_category", "category")  # what names a kind: the first that is known, else the label
WIDTH = 384  # a frozen body's features are reduced to so many: 50,000 photos in some 10 ms
_FITTED = 5000  # photos that the reduction is fitted on
_NEEDS = ("predictions", "colors", "store", "embeddings")


@dataclass(frozen=True)
class Shape:
    """What makes an aspect of an embedding: what the color explains is taken off, then reduced."""

    fit: np.ndarray  # of `similar.fit_linear`
    basis: np.ndarray | None  # (width, WIDTH); None: as wide as it is

    def see(self, embeddings: np.ndarray, colors: np.ndarray) -> np.ndarray:
        """Return the shapes of photos: float32 (n, width), of length 1."""
        left = similar.subtract_linear(self.fit, colors, embeddings)
        return normalize(left if self.basis is None else left @ self.basis)


@dataclass(frozen=True)
class Shelf:
    """The photos of a run's catalogue; row i of `table` is row i of `space`."""

    table: pd.DataFrame  # predictions with the catalogue's facts
    space: Space
    attributes: tuple[str, ...]  # columns that photos can be chosen by
    kind: str  # the one that the aspect kind compares
    shape: Shape
    body: BodyFiles | None  # the frozen network that compares; None: the run

    def knows(self, image_id: str) -> bool:
        """Whether a photo of this id is there."""
        return image_id in self._ids

    @cached_property
    def _ids(self) -> pd.Index:
        return pd.Index(self.table["image_id"])

    @cached_property
    def _product_sizes(self) -> pd.Series:
        return self.table["product_id"].value_counts()

    def count_siblings(self, products: pd.Series) -> list[int]:
        """Count the other photos of some products."""
        return (self._product_sizes[products] - 1).to_list()

    def find_rows(self, image_ids: Sequence[str]) -> np.ndarray:
        """Find the rows of some photos, in their order.

        Raises:
            BadInput: one of them is not in the catalogue.
        """
        rows = self._ids.get_indexer(pd.Index(list(image_ids), dtype="str"))
        for place in np.flatnonzero(rows < 0):
            raise BadInput(
                "A photo must be a file or the id of an image that the run has answered, but "
                f"{image_ids[int(place)]!r} is neither. Errors shows the id of each image."
            )
        return rows


def find_whole_body(evidence: Evidence) -> BodyFiles | None:
    """Find the frozen network that a run began with; None before it has seen every photo."""
    body = find_body(evidence.store, evidence.run.train_config)
    try:
        is_seen = body.read_features()[1] if body else np.zeros(0, dtype=bool)
    except ZapError:  # damaged
        return None
    rows = evidence.predictions["row"]
    return body if len(is_seen) == len(evidence.store.pixels) and is_seen[rows].all() else None


def open_shelf(evidence: Evidence, body: BodyFiles | None) -> Shelf:
    """Make a run's photos ready to be searched, by a frozen body's features or its embeddings.

    Raises:
        ZapError: the features or the embeddings are not there, or damaged.
    """
    key = "shelf", body.path.name if body else ""
    stamp = (stamp_file(body.features_path),) if body else ()
    return evidence.keep(key, _NEEDS, lambda: _build_shelf(evidence, body), stamp)


def _build_shelf(evidence: Evidence, body: BodyFiles | None) -> Shelf:
    table = evidence.predictions
    if body is None:
        embeddings = open_embeddings(evidence.run)
        if len(embeddings) != len(table):
            raise Damaged(
                f"The embeddings of {evidence.run.run_id} must have a row for each of its "
                f"{len(table):,} photos, but have {len(embeddings):,}. {evidence.run.remedy}"
            )
    else:
        embeddings = _choose_maxima(body.read_features()[0][table["row"]])
    colors = normalize(build_color_vectors(table))
    shape = _fit_shape(embeddings, colors)
    kind = next((name for name in KINDS if (table[name] != "").any()), "label")
    kinds = pd.factorize(table[kind].replace("", None))[0] + 1
    aspects = {SHAPE: shape.see(embeddings, colors), COLOR: colors, KIND: kinds}
    products = pd.factorize(table["product_id"])[0]
    attributes = ("label", *evidence.list_attributes())
    return Shelf(table, Space(aspects, products), attributes, kind, shape, body)


def _choose_maxima(pooled: np.ndarray) -> np.ndarray:
    """Return each channel's maximum, of what is its maximum and its mean: the means add nothing."""
    return pooled[..., : pooled.shape[-1] // 2]


def _fit_shape(embeddings: np.ndarray, colors: np.ndarray) -> Shape:
    fit = similar.fit_linear(colors, embeddings)
    if embeddings.shape[1] <= 2 * WIDTH:
        return Shape(fit, None)
    rows = np.random.default_rng(0).permutation(len(embeddings))[:_FITTED]
    left = similar.subtract_linear(fit, colors[rows], embeddings[rows])
    return Shape(fit, similar.find_components(left, WIDTH))


def open_embed(shelf: Shelf, run: Run) -> Embed:
    """Open what gives the embedding of another photo, as the shelf's photos have theirs.

    Raises:
        BadInput: the frozen network was not exported.
        ZapError: the exported model is not there, or damaged.
    """
    if shelf.body is None:
        return embed_by_run(open_classifier(run))
    if not shelf.body.onnx_path.is_file():
        raise BadInput(
            "The frozen network saw the catalogue on a GPU and was not exported, so it can compare "
            "the catalogue's own photos only. Let this run compare others (What counts, --by-run)."
        )
    embed = embed_by_body(shelf.body.onnx_path, read_statistics(shelf.body.arch))
    return lambda pixels: _choose_maxima(embed(pixels))
