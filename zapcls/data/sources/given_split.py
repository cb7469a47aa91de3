"""A split that a catalogue brings along: which words mean which part."""

from collections.abc import Iterable

_TRAIN = {"train", "training", "trn"}
_VAL = {"val", "valid", "validation", "dev", "eval", "tune"}
_TEST = {"test", "testing", "tst", "holdout", "hold-out"}
WORDS = _TRAIN | _VAL | _TEST


def name_parts(words: Iterable[str]) -> dict[str, str]:
    """Name the part of each word that stands for one: train, tune or valid; {} for no split.

    A split has train and something to be measured on. Where there are both, validation chooses
    (`tune`) and test is reported (`valid`), as everywhere in zapcls; alone, either is reported.
    """
    known = {word: word.strip().lower() for word in words}
    found = set(known.values())
    if not found & _TRAIN or not found & (_VAL | _TEST):
        return {}
    val = "tune" if found & _TEST else "valid"
    parts = dict.fromkeys(_TRAIN, "train") | dict.fromkeys(_VAL, val)
    parts |= dict.fromkeys(_TEST, "valid")
    return {word: parts[meant] for word, meant in known.items() if meant in parts}
