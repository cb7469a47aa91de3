"""Answers for a folder or a zip of photos, a row each; what is no photo is a row with its error."""

import csv
import lzma
import os
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path, PurePosixPath

from zapcls.answer.classify import Answer
from zapcls.answer.limits import Classify
from zapcls.data.photo import MAX_FILE_BYTES
from zapcls.data.task import Task, gather_labels
from zapcls.errors import BadInput, is_disk_full
from zapcls.progress import Progress
from zapcls.workspace.sheets import spell_harmless

COLUMNS = ("file", "label", "prob", "sure", "familiar", "error")  # of a run about one target
ZIP, ANSWERS = "photos.zip", "answers.csv"  # in the folder of a job that answers
MAX_FILES = 20_000
MAX_UNPACKED_BYTES = 8_000_000_000  # of a zip; nothing is unpacked to disk
MAX_SHRINKING = 200  # times; photos hardly shrink in a zip, bombs do
# What zipfile raises on a damaged, encrypted or exotic archive.
_ZIP_ERRORS = (
    zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error, EOFError, RuntimeError,
    ValueError, OSError,
)  # fmt: skip

Content = Path | bytes
Photo = tuple[str, Callable[[], Content]]  # its name, and what reads it or raises BadInput


def list_photos(source: Path) -> list[Photo]:
    """List the files of a folder, those below it too, or of a zip, by name; hidden ones are none.

    Any other file is a photo itself.

    Raises:
        BadInput: there are none or too many, or the zip is damaged, a bomb, or has unsafe names.
    """
    if not source.is_dir() and source.suffix.lower() != ".zip":
        return [(str(source), lambda: source)]
    found = _list_folder(source) if source.is_dir() else _list_zip(source)
    if not 0 < len(found) <= MAX_FILES:
        raise BadInput(
            f"A folder or zip to classify has 1 to {MAX_FILES:,} photos, but {source.name} has "
            f"{len(found):,} files. Choose another, or parts of it."
        )
    return sorted(found, key=lambda photo: photo[0])


def _list_folder(folder: Path) -> list[Photo]:
    files = (Path(place) / name for place, _, names in os.walk(folder) for name in names)
    named = ((str(file.relative_to(folder)), file) for file in files)
    return [(name, partial(Path, file)) for name, file in named if not _is_hidden(name)]


def _list_zip(source: Path) -> list[Photo]:
    try:
        archive = zipfile.ZipFile(source)
    except _ZIP_ERRORS as error:
        raise BadInput(
            f"Many photos are classified from a folder or a zip, but {source.name} is neither or "
            "is damaged. Choose another."
        ) from error
    infos = [info for info in archive.infolist() if not info.is_dir()]
    unsafe = next((info.orig_filename for info in infos if _is_unsafe(info)), None)
    if unsafe is not None:
        raise BadInput(
            f"The names in a zip must stay within it, but {source.name} has {unsafe!r}. Pack it "
            "again."
        )
    unpacked = sum(info.file_size for info in infos)
    most = min(MAX_UNPACKED_BYTES, MAX_SHRINKING * max(source.stat().st_size, 10_000))
    if unpacked > most:
        raise BadInput(
            f"A zip of {source.stat().st_size / 1e6:.1f} MB may unpack to {most / 1e6:,.0f} MB or "
            f"less, but {source.name} would to {unpacked / 1e6:,.0f} MB. Pack fewer photos."
        )
    return [
        (info.filename, partial(_read_member, archive, info))
        for info in infos
        if not _is_hidden(info.filename)
    ]


def _is_hidden(name: str) -> bool:
    parts = PurePosixPath(name.replace("\\", "/")).parts
    return any(part.startswith(".") or part == "__MACOSX" for part in parts)


def _is_unsafe(info: zipfile.ZipInfo) -> bool:
    name = info.orig_filename.replace("\\", "/")
    return name.startswith("/") or ".." in name.split("/") or "\0" in name or name[1:2] == ":"


def _read_member(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> bytes:
    name = info.filename
    if name.lower().endswith(".zip"):
        raise BadInput(f"A zip in a zip is not opened: {name}. Unpack it first.")
    try:
        with archive.open(info) as file:
            # A byte more than is allowed: what the directory says of the size may be a lie.
            return file.read(MAX_FILE_BYTES + 1)
    except (*_ZIP_ERRORS, NotImplementedError) as error:
        raise BadInput(
            f"{name} in the zip is damaged, encrypted or packed in a rare way. Pack it again."
        ) from error


def list_columns(task: Task, tasks: Sequence[Task]) -> list[str]:
    """List the columns of a CSV of answers: COLUMNS, and of each other target what it is called.

    A target with one label has two: `category` and `category_prob`; one with several at once has
    the labels that are given, with ; between them. `task` is the target that is looked at.
    """
    others = []
    for gathered in _list_others(task, tasks):
        name = gathered[0].column
        others += [name] if gathered[0].labels_of else [name, f"{name}_prob"]
    return [*COLUMNS[:-1], *others, COLUMNS[-1]]


def _list_others(task: Task, tasks: Sequence[Task]) -> list[list[Task]]:
    return [gathered for gathered in gather_labels(tasks) if gathered != [task]]


def answer_all(
    photos: list[Photo], classify: Classify, task: Task, tasks: Sequence[Task], progress: Progress
) -> Iterator[dict[str, str]]:
    """Answer photos in their order: a dict of `list_columns` each, "" where there is none.

    `classify` takes a photo's content and name, and answers under each of `tasks`.

    Raises:
        Stopped: a person asked to stop.
    """
    empty = dict.fromkeys(list_columns(task, tasks), "")
    for done, (name, read) in enumerate(photos):
        progress("Classifying photos", done, len(photos))
        try:
            said = _write_answers(classify(read(), name), task, tasks)
        except BadInput as error:
            said = {"error": str(error)}
        yield empty | {"file": name} | said
    progress("Classifying photos", len(photos), len(photos))


def _write_answers(
    answers: Mapping[str, Answer], task: Task, tasks: Sequence[Task]
) -> dict[str, str]:
    says, own = {None: "", True: "yes", False: "no"}, answers[task.target]
    cells = {
        "label": own.label, "prob": _write_prob(own),
        "sure": says[own.sure], "familiar": says[own.familiar],
    }  # fmt: skip
    for gathered in _list_others(task, tasks):
        name, found = gathered[0].column, [answers[one.target] for one in gathered]
        if gathered[0].labels_of:
            given = zip(gathered, found, strict=True)
            cells[name] = ";".join(a.label for one, a in given if a.label == one.classes[0])
        else:
            cells |= {name: found[0].label, f"{name}_prob": _write_prob(found[0])}
    return cells


def _write_prob(answer: Answer) -> str:
    return f"{answer.prob[answer.label]:.4f}"


def write_csv(
    path: Path, columns: Sequence[str], rows: Iterator[dict[str, str]]
) -> tuple[int, int]:
    """Write answers (`answer_all`) as CSV; what a spreadsheet would run begins with '.

    Where it is interrupted, what is answered by then is in the file.

    Returns:
        How many photos there were, and how many of them have an error.

    Raises:
        BadInput: the file cannot be written.
        OSError: the disk is full.
    """
    n, refused = 0, 0
    try:
        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, columns)
            writer.writeheader()
            for row in rows:
                writer.writerow({key: spell_harmless(value) for key, value in row.items()})
                n, refused = n + 1, refused + bool(row["error"])
    except OSError as error:
        if is_disk_full(error):
            raise
        raise BadInput(
            f"The answers must go into a file that can be written, but {path} cannot be "
            f"({error.strerror}). Choose another."
        ) from error
    return n, refused
