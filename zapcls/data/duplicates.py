"""Near-duplicates: photos that look the same, pixel by pixel."""

import hashlib

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

BLOCKS = 17  # a photo is compared as this many mean colors a side
# Among 10,177 photos of UT Zappos50K 14 pairs are nearer than this, each of one product in two
# colors; from about 0.09 on different shoes are among them.
MAX_DIFFERENCE = 0.08
_AXES = 12  # of the search tree
_CHUNK = 1024


def shrink(pixels: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Return what each photo has on its white ground, as a vector of length 1.

    The mean colors of its blocks are taken from white: what is left is the shoe, so that two thin
    boots are not alike for the white around them.

    Returns:
        float32 (rows, BLOCKS² x 3); a blank photo is all zeros.
    """
    side = pixels.shape[1]
    edges = np.linspace(0, side, BLOCKS + 1).astype(int)
    size = np.diff(edges)
    area = (size[:, None] * size[None, :])[None, :, :, None]
    shrunk = np.empty((len(rows), BLOCKS * BLOCKS * 3), dtype=np.float32)
    for start in range(0, len(rows), _CHUNK):
        ink = 255 - pixels[rows[start : start + _CHUNK]].astype(np.float32)
        sums = np.add.reduceat(np.add.reduceat(ink, edges[:-1], axis=1), edges[:-1], axis=2)
        shrunk[start : start + _CHUNK] = (sums / area).reshape(len(ink), -1)
    length = np.linalg.norm(shrunk, axis=1, keepdims=True)
    return shrunk / np.where(length > 0, length, 1)


def find_groups(pixels: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Find which photos belong together, as each is a near-duplicate of another of its group.

    Returns:
        For each of `rows` the first row of its group, itself where it is alone.
    """
    shrunk = shrink(pixels, rows)
    # Copies are joined first: thousands of one placeholder would be millions of pairs.
    digests = [hashlib.blake2b(vector, digest_size=16).hexdigest() for vector in shrunk]
    _, place, copy_of = np.unique(digests, return_index=True, return_inverse=True)
    pairs = find_pairs(shrunk[place])
    n, ends = len(place), (pairs["first"], pairs["second"])
    _, group = connected_components(coo_array((np.ones(len(pairs)), ends), (n, n)), directed=False)
    is_blank = ~shrunk.any(axis=1)
    group = np.where(is_blank, n + np.arange(len(rows)), group[copy_of])
    _, first, inverse = np.unique(group, return_index=True, return_inverse=True)
    return rows[first[inverse]]


def find_pairs(shrunk: np.ndarray, max_difference: float = MAX_DIFFERENCE) -> np.ndarray:
    """Find all pairs of photos whose vectors lie no further apart than `max_difference` (0..2).

    The search tree holds each photo's place on a few axes. A projection never lengthens a
    distance, so no pair is missed; each candidate is then measured in full.

    Returns:
        Structured array with fields `first, second` (places in `shrunk`, first < second) and
        `difference`, nearest first. Blank photos have no partner.
    """
    kind = [("first", np.int64), ("second", np.int64), ("difference", np.float32)]
    shown = np.flatnonzero(shrunk.any(axis=1))
    if len(shown) < 2:
        return np.empty(0, dtype=kind)
    vectors = shrunk[shown]
    centered = vectors - vectors.mean(axis=0)
    _, axes = np.linalg.eigh(centered.T @ centered)
    tree = cKDTree(centered @ axes[:, -_AXES:])
    found = tree.query_pairs(max_difference * (1 + 1e-5), output_type="ndarray")
    difference = np.empty(len(found), dtype=np.float32)
    for start in range(0, len(found), _CHUNK):
        first, second = found[start : start + _CHUNK].T
        difference[start : start + _CHUNK] = np.linalg.norm(
            vectors[first] - vectors[second], axis=1
        )
    near = np.flatnonzero(difference <= max_difference)
    near = near[np.argsort(difference[near], kind="stable")]
    pairs = np.empty(len(near), dtype=kind)
    pairs["first"], pairs["second"] = np.sort(shown[found[near]], axis=1).T
    pairs["difference"] = difference[near]
    return pairs
