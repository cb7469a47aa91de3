"""Decisions kept in SQLite and as CSV: none is lost, and a file comes back as it went."""

import contextlib
import csv
import io
import sqlite3
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path

import pandas as pd
import pytest

from zapcls import schema
from zapcls.errors import ZapError
from zapcls.workspace import reviews as module
from zapcls.workspace.reviews import open_reviews
from zapcls.workspace.sheets import CSV_COLUMNS, check_known, describe_rows, read_csv, write_csv

PROJECT = Path(__file__).parents[2]
MARK = ("cat", "i0", "gender", "Women")
HERE = ("cat", "gender")
N = 200  # decisions of each writer
# Writes its decisions one by one and says when it begins.
WRITER = """
import sys
from pathlib import Path
from zapcls.workspace.layout import Workspace
from zapcls.workspace.reviews import open_reviews

print("ready", flush=True)
sys.stdin.readline()
workspace, name, n = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
for i in range(n):
    open_reviews(Workspace(workspace)).mark("cat", f"{name}-{i}", "gender", "Women", "model wrong")
"""


@pytest.fixture
def reviews(workspace):
    return open_reviews(workspace)


@pytest.fixture
def facts():
    """Paths and products of ten images."""
    rows = [(f"i{n}", f"Shoes/Heels/Acme/{n}.jpg", f"p{n}") for n in range(10)]
    return pd.DataFrame(rows, columns=["image_id", "image_path", "product_id"])


PLAIN = {
    "catalogue_id": "cat", "image_id": "i0", "target": "gender", "label": "Women",
    "mark": "model wrong", "right_label": "", "note": "", "reviewer": "Ann",
    "decided_at": "2026-01-02T10:00:00.000000+00:00", "settles": False,
}  # fmt: skip


def build(*rows):
    """Build decisions; a row is a dict with what matters to the test."""
    table = pd.DataFrame([PLAIN | row for row in rows], columns=list(schema.DECISIONS))
    return schema.conform(table, schema.DECISIONS, "decisions")


# --- kept ---


def test_nothing_is_written_before_the_first_decision(reviews, workspace):
    assert reviews.read(*HERE).empty
    assert list(reviews.read(*HERE).columns) == list(schema.DECISIONS)
    assert reviews.version() == 0
    assert reviews.undo(*HERE, "Ann") is None
    assert not workspace.path.exists()


def test_a_mark_is_a_decision_made_now(reviews):
    reviews.mark(*MARK, "label wrong", "Men", note="a boot", reviewer="Ann")

    [row] = reviews.read(*HERE).to_dict("records")
    moment = datetime.fromisoformat(row["decided_at"])
    assert abs((datetime.now(moment.tzinfo) - moment).total_seconds()) < 60
    made = {"mark": "label wrong", "right_label": "Men", "note": "a boot"}
    assert row == PLAIN | made | {"decided_at": row["decided_at"]}


def test_only_this_catalogue_and_target_are_read_the_oldest_first(reviews):
    late = {"image_id": "i1", "decided_at": "2026-01-03T00:00:00.000000+00:00", "settles": True}
    reviews.add(build(late, {}, {"catalogue_id": "other"}, {"target": "closure"}))

    table = reviews.read(*HERE)

    assert table["image_id"].tolist() == ["i0", "i1"]
    assert table["settles"].tolist() == [False, True]


def test_a_decision_that_is_there_is_skipped(reviews):
    rows = [{}, {"note": "x"}, {"reviewer": "Bo"}, {"settles": True}]

    assert reviews.add(build(*rows)) == 4
    assert reviews.add(build(*rows)) == 0
    assert reviews.add(build({"image_id": "i1"}, {}, {"image_id": "i1"})) == 1
    assert len(reviews.read(*HERE)) == 5


@pytest.mark.parametrize(
    "bad", [{"mark": "ugly"}, {"mark": "label wrong"}, {"right_label": "Men"}, {"note": None}]
)
def test_of_decisions_of_which_one_is_bad_none_is_added(reviews, bad):
    reviews.add(build({}))
    table = build({"image_id": "i1"}, {"image_id": "i2"})
    for name, value in bad.items():
        table.loc[1, name] = value

    with pytest.raises(ZapError):
        reviews.add(table)

    assert reviews.read(*HERE)["image_id"].tolist() == ["i0"]


def test_undo_takes_back_the_reviewer_s_own_latest_one_by_one(reviews):
    days = (("i2", "Ann", 4), ("i0", "Ann", 2), ("i1", "Bo", 3), ("i0", "Ann", 3))
    rows = [
        {"image_id": image, "reviewer": name, "decided_at": f"2026-01-0{day}T10:00:00+00:00"}
        for image, name, day in days  # not in the order of time, as a file brings them
    ]
    reviews.add(build(*rows, {"catalogue_id": "other"}, {"target": "closure"}))

    assert reviews.undo(*HERE, "Ann", "i9") is None
    assert reviews.undo(*HERE, "Ann", "i0") == "i0"  # leaves the later one of another image
    assert reviews.read(*HERE)["image_id"].tolist() == ["i0", "i1", "i2"]
    assert reviews.undo(*HERE, "Ann") == "i2"
    assert reviews.undo(*HERE, "Ann") == "i0"
    assert reviews.undo(*HERE, "Ann") is None
    assert reviews.undo(*HERE, "Cy") is None
    assert reviews.read(*HERE)["image_id"].tolist() == ["i1"]
    assert len(reviews.read("other", "gender")) == len(reviews.read("cat", "closure")) == 1
    assert reviews.add(build(*rows)) == 0  # what was taken back does not come again
    with contextlib.closing(sqlite3.connect(reviews.path)) as connection:
        undone = connection.execute("SELECT undone_at FROM decisions WHERE undone_at <> ''")
        assert [bool(datetime.fromisoformat(at)) for (at,) in undone] == [True] * 3


def test_every_write_changes_the_version_for_all(workspace):
    one, other = open_reviews(workspace), open_reviews(workspace)
    seen = [one.version()]
    for write in (
        lambda: one.mark(*MARK, "ambiguous", reviewer="Ann"),
        lambda: other.mark(*MARK, "not a shoe", reviewer="Ann"),
        lambda: one.undo(*HERE, "Ann"),
        lambda: other.undo(*HERE, "Ann"),
        lambda: other.add(build({}, {"image_id": "i1"})),
    ):
        write()
        assert one.version() == other.version()
        seen.append(one.version())
    assert seen == sorted(set(seen))
    other.add(build({}))  # nothing new
    assert one.version() == seen[-1]


def build_foreign():
    """The bytes of another program's database."""
    connection = sqlite3.connect(":memory:")
    with contextlib.closing(connection):
        connection.execute("CREATE TABLE decisions (id INTEGER)")
        return connection.serialize()


@pytest.mark.parametrize("content", [b"", b"no database, but text " * 40, build_foreign(), None])
def test_a_file_that_is_no_database_of_ours_is_a_sentence_and_left_alone(reviews, content):
    if content is None:  # ours, but damaged
        reviews.add(build(*({"image_id": f"i{n}", "note": "long " * 50} for n in range(100))))
        whole = reviews.path.read_bytes()
        content = whole[:4096] + b"\xff" * (len(whole) - 4096)
    reviews.path.parent.mkdir(parents=True, exist_ok=True)
    reviews.path.write_bytes(content)

    for use in (
        reviews.version,
        lambda: reviews.read(*HERE),
        lambda: reviews.mark(*MARK, "ambiguous"),
        lambda: reviews.undo(*HERE, "Ann"),
    ):
        with pytest.raises(ZapError, match=r"reviews\.sqlite must be a file of reviews.*Move it"):
            use()
    assert reviews.path.read_bytes() == content


def test_a_file_that_another_program_holds_is_a_sentence(reviews, monkeypatch):
    reviews.add(build({}))
    monkeypatch.setattr(module, "_BUSY_S", 0.05)
    holder = sqlite3.connect(reviews.path, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    try:
        with pytest.raises(ZapError, match=r"cannot be reached \(database is locked\)"):
            reviews.mark(*MARK, "ambiguous")
        assert len(reviews.read(*HERE)) == 1  # readers do not wait for a writer
    finally:
        holder.close()


def test_what_a_deleted_file_left_behind_is_not_taken_for_decisions(reviews):
    holder = sqlite3.connect(":memory:")
    reviews.add(build({}))
    holder.execute(f"ATTACH '{reviews.path}' AS kept")
    holder.execute("SELECT * FROM kept.decisions").fetchall()  # keeps the log from being cleared
    reviews.mark(*MARK, "ambiguous")
    log = Path(f"{reviews.path}-wal")
    left = log.read_bytes()
    assert left
    holder.close()
    reviews.path.unlink()
    log.write_bytes(left)

    reviews.add(build({"image_id": "i5"}))

    assert reviews.read(*HERE)["image_id"].tolist() == ["i5"]


def write_marks(workspace, name, n, together=None):
    if together:
        together.wait()
    for i in range(n):
        open_reviews(workspace).mark("cat", f"{name}-{i}", "gender", "Women", "ambiguous")


def test_two_tabs_lose_nothing(workspace):
    together = threading.Barrier(2)  # both make the file
    with ThreadPoolExecutor() as pool:
        tabs = [pool.submit(write_marks, workspace, name, 20, together) for name in "ab"]
        assert [tab.result() for tab in tabs] == [None, None]

    made = open_reviews(workspace).read(*HERE)
    assert set(made["image_id"]) == {f"{name}-{n}" for name in "ab" for n in range(20)}
    assert open_reviews(workspace).version() == len(made) == 40


@pytest.mark.slow
def test_two_processes_with_two_threads_each_lose_nothing(workspace):
    def start(name):
        command = [sys.executable, "-c", WRITER, str(workspace.path), name, str(N)]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        return subprocess.Popen(command, cwd=PROJECT, text=True, **pipes)

    writers = [start(name) for name in ("p", "q")]
    for writer in writers:
        assert writer.stdout.readline() == "ready\n"
    with ThreadPoolExecutor() as pool:
        tabs = [pool.submit(write_marks, workspace, name, N) for name in "tu"]
        for writer in writers:  # let both begin before either is waited for
            writer.stdin.write("go\n")
            writer.stdin.flush()
        said = [writer.communicate(timeout=600)[1] for writer in writers]
        assert [tab.result() for tab in tabs] == [None, None]

    assert [writer.returncode for writer in writers] == [0, 0], said
    made = open_reviews(workspace).read(*HERE)
    assert sorted(made["image_id"]) == sorted(f"{name}-{n}" for name in "pqtu" for n in range(N))
    assert made["decided_at"].is_monotonic_increasing


# --- as CSV ---

ODD = [
    "=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "'=1", "''", "'", "it's", "plain", "a,b;c",
    'say "no"', "two\nlines", "two\r\nlines", "a;=1+1", "a,-b", "a\t@b", ";;=1", "größer 👟",
    " leading", "trailing ", "00123", "NA", "None", "1e5",
    "'", "\n=1", '";=1', "a,'b", "two\n=lines", "\t\t=1",
]  # fmt: skip


def test_a_file_has_the_columns_and_facts_of_each_decision(facts):
    decision = {"mark": "label wrong", "right_label": "Men", "note": "a boot", "image_id": "i3"}

    text = write_csv(build(decision, {"settles": True, "image_id": "i99"}), facts)

    head, first, second = csv.reader(io.StringIO(text))
    assert tuple(head) == CSV_COLUMNS
    when = "2026-01-02T10:00:00.000000+00:00"
    assert first == [
        "i3", "Shoes/Heels/Acme/3.jpg", "p3", "Women", "label wrong", "Men", "a boot", "Ann", when,
        "no", "cat", "gender",
    ]  # fmt: skip
    assert second[:3] == ["i99", "", ""]  # an image that the run has not predicted
    assert second[9] == "yes"


def test_a_file_comes_back_as_it_went(facts):
    odd = [{"note": note, "reviewer": note} for note in ODD]
    wrong = {"mark": "label wrong", "right_label": "=Men", "settles": True}
    listing = {"note": "high; black; " * 40}  # more semicolons than separators

    for table in (build(*odd, wrong), build(listing), build()):
        back = read_csv(write_csv(table, facts).encode(), "ann.csv")
        pd.testing.assert_frame_equal(back.reset_index(drop=True), table)


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_no_cell_of_a_spreadsheet_begins_with_what_it_would_run(facts, separator):
    """Whatever it takes for the separator; the cells are parted as a spreadsheet does."""
    for note in ODD:  # each in a file of its own: one open quote would swallow the next line
        text = write_csv(build({"note": note}), facts)
        for cells in csv.reader(io.StringIO(text, newline=""), delimiter=separator):
            assert not [cell for cell in cells if cell.startswith(tuple("=+-@\t\r"))], note


@pytest.mark.parametrize(
    "change",
    [
        lambda text: "\ufeff" + text,
        lambda text: text.replace("\r\n", "\n"),
        lambda text: text.replace("\r\n", "\r"),
        lambda text: "\ufeff" + text.replace(",", ";"),
        lambda text: text.replace(",", "\t"),
        lambda text: text.replace(",no,", ",FALSE,").replace(",yes,", ",TRUE,"),
        lambda text: text + "\r\n,,,,,,,,,,,\r\n",
        lambda text: "mine," + text.replace("\r\n", "\r\nx,").removesuffix("x,"),
        lambda text: text.replace("+00:00", "Z"),
        lambda text: text.replace("T10:00:00.000000+00:00", "T11:00+01:00"),
    ],
    ids=["BOM", "LF", "CR", "semicolons", "tabs", "booleans", "empty", "more", "Z", "zone"],
)
def test_what_spreadsheets_make_of_a_file_is_read(facts, change):
    table = build({"note": "größer"}, {"image_id": "i1", "settles": True})

    back = read_csv(change(write_csv(table, facts)).encode(), "ann.csv")

    pd.testing.assert_frame_equal(back.reset_index(drop=True), table)


def write_lines(change, *missing):
    """A file of three decisions, the cells of the second changed; a note before has two lines."""
    rows = [{"note": "two\nlines"}, {"image_id": "i1"} | change, {"image_id": "i2"}]
    table = pd.DataFrame([PLAIN | row for row in rows]).replace({False: "no"})
    return table.drop(columns=list(missing)).to_csv(index=False).encode()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"mark": "wrong"}, ["mark must be one of label wrong, model wrong", "'wrong'"]),
        ({"mark": ""}, ["mark must be one of", "''"]),
        ({"mark": "label wrong"}, ["right_label must be given", "''"]),
        ({"right_label": "Men"}, ["and only there", "'Men'"]),
        ({"mark": "label wrong", "right_label": "Women"}, ["must differ", "'Women'"]),
        ({"settles": "maybe"}, ["settles must be yes or no", "'maybe'"]),
        ({"decided_at": ""}, ["decided_at must have", "''"]),
        ({"decided_at": "02.01.2026 10:00"}, ["decided_at must have", "'02.01.2026 10:00'"]),
        ({"decided_at": "2026-01-02T10:00:00"}, ["time zone", "2026-01-02T10:00:00"]),
        ({"decided_at": "0001-01-01T00:00:00+14:00"}, ["decided_at must have"]),
        ({"decided_at": "9999-01-01T00:00:00+00:00"}, ["must not lie in the future", "'9999-"]),
        ({"reviewer": "x" * 41}, ["reviewer may have 40 characters at most"]),
        ({"note": "x" * 2001}, ["note may have 2000 characters at most", "'xxx"]),
    ],
)
def test_a_bad_decision_is_a_sentence_with_its_line(change, words, refuses):
    with refuses("bo{1}.csv, line 4:", *words, "Correct it, or leave it out."):
        read_csv(write_lines(change), "bo{1}.csv")  # the first decision takes lines 2 and 3


HEADER = ",".join(schema.DECISIONS).encode()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", ["must have the columns"]),
        *((write_lines({}, name), [f"but {name} is not there"]) for name in schema.DECISIONS),
        (b"PK\x03\x04\xff\xfe", ["must be a CSV file in UTF-8"]),
        ("größer".encode("latin-1"), ["must be a CSV file in UTF-8", "CSV UTF-8"]),
        (HEADER + b"\na,b\n", ["line 2", "10 cells", "got 2"]),
        (HEADER + b'\na,"b"x\n', ["line 2", "must be CSV"]),
    ],
)
def test_what_is_no_such_file_is_a_sentence(content, words, refuses):
    with refuses("bo.csv", *words):
        read_csv(content, "bo.csv")


@pytest.mark.parametrize(
    ("column", "value", "rule"),
    [
        ("image_id", "i99", "image_id must be of an image of the run's catalogue"),
        ("catalogue_id", "other", "catalogue_id must be cat"),
        ("target", "closure", "target must be gender"),
        ("label", "Men", "label must be what the catalogue says of the image"),
    ],
)
def test_decisions_are_on_what_the_run_is_about(column, value, rule, refuses):
    labels = dict.fromkeys(("i0", "i1", "i2"), "Women")
    given = read_csv(write_lines({"catalogue_id": "", "target": "", "label": ""}), "bo.csv")
    passed = check_known(given, "bo.csv", labels, *HERE)
    for name, filled in (("catalogue_id", "cat"), ("target", "gender"), ("label", "Women")):
        assert (passed[name] == filled).all()

    with refuses(f"bo.csv, line 4: {rule}", repr(value)):
        given = read_csv(write_lines({column: value}), "bo.csv")
        check_known(given, "bo.csv", labels, *HERE)


def test_every_row_that_is_refused_is_named_and_none_is_taken(reviews, refuses):
    rows = [{"image_id": f"i{n}", "mark": "ugly" if n else "ambiguous"} for n in range(30)]
    text = pd.DataFrame([PLAIN | row for row in rows]).replace({False: "no"}).to_csv(index=False)

    with refuses("bo.csv, line 3: mark", "bo.csv, line 22: mark", "9 more.", "29 of 30 rows"):
        read_csv(text.encode(), "bo.csv")
    with refuses("29 of 30 rows cannot be"):
        reviews.add(build(*rows))
    assert reviews.read(*HERE).empty


def test_an_import_says_row_by_row_what_it_did(reviews):
    reviews.add(build({}))
    given = read_csv(write_lines({}).replace(b"two\nlines", b""), "bo.csv")

    told = describe_rows(given, reviews.add_each(given), "bo.csv")

    outcomes = ["was there already", "added", "added"]
    expected = zip((2, 3, 4), ("i0", "i1", "i2"), outcomes, strict=True)
    assert [tuple(row)[1:] for row in told.itertuples(index=False)] == list(expected)
