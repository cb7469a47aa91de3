"""Decisions as CSV: written for a spreadsheet, and read back as one saves them."""

import csv
import io
import re
from collections.abc import Mapping, Sequence
from datetime import datetime

import pandas as pd

from zapcls import schema
from zapcls.errors import BadInput
from zapcls.workspace.reviews import list_rules, refuse, write_time

CSV_COLUMNS = (
    "image_id", "image_path", "product_id", "label", "mark", "right_label", "note", "reviewer",
    "decided_at", "settles", "catalogue_id", "target",
)  # fmt: skip
_YES_NO = {"yes": True, "true": True, "1": True, "no": False, "false": False, "0": False, "": False}
# A spreadsheet runs a cell that begins so; one that parts cells at another separator may begin a
# cell inside ours. With ' itself among them, taking the ' away again gives the very same text.
_BEGINNING = r"(?:\A|(?<=[;,\t\r\n]))"
_RISKY = re.compile(_BEGINNING + r"(?=[=+\-@\t\r\n'])")
_QUOTED = re.compile(_BEGINNING + r"'(?=[=+\-@\t\r\n'])")


def write_csv(decisions: pd.DataFrame, facts: pd.DataFrame) -> str:
    """Write decisions as CSV (CSV_COLUMNS), with path and product of each image from `facts`.

    What a spreadsheet would run begins with ' there; `read_csv` takes that away again.
    """
    known = facts[["image_id", "image_path", "product_id"]]
    table = decisions.merge(known, on="image_id", how="left", validate="many_to_one").fillna("")
    table["settles"] = table["settles"].map({True: "yes", False: "no"})
    cells = table[list(CSV_COLUMNS)].apply(
        lambda column: column.map({text: spell_harmless(text) for text in column.unique()})
    )
    return cells.to_csv(index=False, lineterminator="\r\n")


def spell_harmless(text: object) -> object:
    """Put ' before what a spreadsheet would run, in a text; other values stay."""
    return _RISKY.sub("'", text) if isinstance(text, str) else text


def read_csv(content: bytes, name: str) -> pd.DataFrame:
    """Read decisions (`schema.DECISIONS`) as `write_csv` writes them or a spreadsheet saves them.

    Separated by comma, semicolon or tab. The index is the line of each decision in the file.

    Raises:
        BadInput: it is not such a file, or a decision in it is not complete; names the line.
    """
    table = _parse(content, name)
    settles = table["settles"].str.lower().map(_YES_NO)
    moments = pd.Series([_read_time(text) for text in table["decided_at"]], table.index, "str")
    rule = "decided_at must have date, time and time zone, such as 2026-01-31T16:05:00+00:00"
    rules = [
        ("settles", settles.isna(), "settles must be yes or no"),
        ("decided_at", moments == "", rule),
        *list_rules(table.assign(decided_at=moments)),
    ]
    refuse(table, rules, f"{name}, line")
    table = table.assign(decided_at=moments, settles=settles.astype(bool))
    return schema.conform(table, schema.DECISIONS, "decisions")


def check_known(
    decisions: pd.DataFrame, name: str, labels: Mapping[str, str], catalogue_id: str, target: str
) -> pd.DataFrame:
    """Check that decisions of a file are about images of this catalogue and about this target.

    `labels` is what the catalogue says of each image. Where the file leaves label, catalogue or
    target empty, they are filled in.

    Raises:
        BadInput: they are not; names the lines.
    """
    said = decisions["image_id"].map(labels)
    here = {"catalogue_id": catalogue_id, "target": target}
    filled = decisions.assign(
        label=decisions["label"].where(decisions["label"] != "", said.fillna("")),
        **{column: decisions[column].replace("", value) for column, value in here.items()},
    )
    rules = [
        (column, filled[column] != value, f"{column} must be {value} as the run's, or empty")
        for column, value in here.items()
    ]
    is_strange = said.isna()
    rule = "image_id must be of an image of the run's catalogue"
    rules.append(("image_id", is_strange, rule))
    rule = "label must be what the catalogue says of the image, or empty"
    rules.append(("label", ~is_strange & (filled["label"] != said), rule))
    refuse(filled, rules, f"{name}, line")
    return filled


def describe_rows(
    decisions: pd.DataFrame, is_new: Sequence[bool], name: str | list[str]
) -> pd.DataFrame:
    """Describe what an import made of each row of its files: file, line, image_id, outcome."""
    outcome = ["added" if new else "was there already" for new in is_new]
    facts = {"line": decisions.index, "image_id": decisions["image_id"], "outcome": outcome}
    return pd.DataFrame({"file": name, **facts}).reset_index(drop=True)


def open_csv(content: bytes, name: str) -> tuple[io.StringIO, str]:
    """Return the text of a CSV file and its separator: comma, semicolon or tab.

    Raises:
        BadInput: it is not in UTF-8.
    """
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise BadInput(
            f"{name} must be a CSV file in UTF-8, but is in another encoding. In a spreadsheet, "
            'save it as "CSV UTF-8".'
        ) from None
    separator = max(",;\t", key=re.split(r"[\r\n]", text, maxsplit=1)[0].count)
    return io.StringIO(text, newline=""), separator


def _parse(content: bytes, name: str) -> pd.DataFrame:
    """Read the text cells of the columns that decisions have, by line."""
    text, separator = open_csv(content, name)
    reader = csv.reader(text, delimiter=separator, strict=True)
    rows: dict[int, list[str]] = {}
    try:
        header = [cell.strip() for cell in next(reader, [])]
        begin = reader.line_num + 1
        for cells in reader:
            if any(cells):
                rows[begin] = [_QUOTED.sub("", cell) for cell in cells]
            begin = reader.line_num + 1
    except csv.Error as error:
        raise BadInput(
            f"{name}, line {reader.line_num}: must be CSV, but is not ({error}). Export it again."
        ) from None
    missing = [column for column in schema.DECISIONS if column not in header]
    if missing:
        raise BadInput(
            f"{name} must have the columns {', '.join(schema.DECISIONS)}, but {missing[0]} is not "
            "there. An exported file shows how it should look."
        )
    for line, cells in rows.items():
        if len(cells) != len(header):
            raise BadInput(
                f"{name}, line {line}: must have {len(header)} cells as the first line has, got "
                f"{len(cells)}. Correct it, or leave it out."
            )
    table = pd.DataFrame(list(rows.values()), index=list(rows), columns=header, dtype="str")
    return table.loc[:, ~table.columns.duplicated()]


def _read_time(text: str) -> str:
    """Return an ISO 8601 time as ours; "" where it is none or has no time zone."""
    try:
        moment = datetime.fromisoformat(text)
        return write_time(moment) if moment.tzinfo else ""
    except (ValueError, OverflowError):
        return ""
