"""The commands that need no torch, in this process; test_cli_training.py has the others."""

import contextlib
import errno
import json
import os
import socket
from pathlib import Path

import pytest
from filelock import FileLock

from zapcls.__main__ import main
from zapcls.config import build_config
from zapcls.workspace import devices, permissions
from zapcls.workspace.layout import ENVIRONMENT, open_workspace
from zapcls.workspace.runs import list_runs

COMMANDS = (
    *("catalog", "download", "sample", "train", "lr-find", "runs"),
    *("evaluate", "classify", "devices", "serve", "work", "colors", "errors", "label-issues"),
    *("slices", "reviews", "compare", "cross-validate", "color-bias", "report", "trade", "delete"),
    *("archive", "restore"),
    *("export", "import"),
)


@pytest.fixture(autouse=True)
def workspace_dir(tmp_path, monkeypatch):
    """Keep whatever a command writes in the test's own folder."""
    monkeypatch.setenv(ENVIRONMENT, str(tmp_path / "workspace"))
    monkeypatch.chdir(tmp_path)
    return tmp_path / "workspace"


@pytest.fixture
def refused(capsys):
    """Return a function that runs a command which must refuse, and returns its one sentence."""

    def run(*words, code=2):
        assert main([str(word) for word in words]) == code
        out, err = capsys.readouterr()
        assert out == ""
        assert "Traceback" not in err
        sentences = [line for line in err.splitlines() if line.startswith("zapcls: ")]
        assert len(sentences) == 1
        assert err.endswith(f"{sentences[0]}\n")
        return sentences[0].removeprefix("zapcls: ")

    return run


@pytest.fixture
def answer(capsys):
    """Return a function that runs a command which must succeed, and returns what it printed."""

    def run(*words, code=0):
        assert main([str(word) for word in words]) == code
        return capsys.readouterr().out

    return run


def build_rows(n_women=10, n_men=10):
    genders = ["Women"] * n_women + ["Men"] * n_men
    return [{"CID": f"{number + 1}-1", "Gender": gender} for number, gender in enumerate(genders)]


def test_a_catalogue_is_counted(answer, drawn, workspace_dir):
    facts = json.loads(answer("catalog", "--data", drawn, "--json"))

    assert set(facts) == {"rows", "kept", "classes", "products", "dropped"}
    assert facts["rows"] == 140
    assert facts["kept"] == sum(facts["classes"].values())
    assert facts["kept"] + sum(facts["dropped"].values()) == 140
    assert list(facts["classes"]) == ["Women", "Men"]
    assert set(facts["dropped"]) == {"another gender", "several genders", "blank gender"}
    assert workspace_dir.is_dir()


def test_another_target(answer, write_catalogue, tmp_path):
    rows = build_rows()
    for number, row in enumerate(rows):
        row["Closure"] = ("Buckle", "Zipper")[number % 2]
    folder = write_catalogue(tmp_path / "z", rows)

    options = ["--target", "closure", "--classes", " Zipper, Buckle", "--json"]
    facts = json.loads(answer("catalog", "--data", folder, *options))

    assert facts["classes"] == {"Zipper": 10, "Buckle": 10}


def test_the_counts_as_a_table(answer, write_catalogue, tmp_path):
    out = answer("catalog", "--data", write_catalogue(tmp_path / "z", build_rows(12, 10)))

    assert [line.split() for line in out.splitlines()] == [
        ["rows", "22"],
        ["kept", "22"],
        ["Women", "12"],
        ["Men", "10"],
        ["products", "kept", "22"],
    ]


def test_an_unreadable_photo_is_told_and_counted(capsys, write_catalogue, tmp_path):
    rows = build_rows(11, 10)
    rows[0]["photo"] = b"<html>not found</html>"
    folder = write_catalogue(tmp_path / "z", rows)

    assert main(["catalog", "--data", str(folder), "--json"]) == 0

    out, err = capsys.readouterr()
    assert json.loads(out)["dropped"] == {"image unreadable": 1}
    assert err.count("zapcls: ") == 1
    assert "1 of the photos cannot be read" in err
    assert "Shoes/Heels/Acme/1.1.jpg" in err


def test_a_catalogue_that_cannot_be_trained_on(refused, write_catalogue, tmp_path):
    folder = write_catalogue(tmp_path / "z", build_rows(20, 9))

    assert "Men has 9" in refused("catalog", "--data", folder, "--json")


def test_a_workspace_that_is_a_file(refused, tmp_path):
    (tmp_path / "file").write_text("")

    for words in (["runs"], ["catalog", "--json"], ["classify", "run", "a.jpg"], ["train"]):
        assert "must be a folder" in refused(*words, "--workspace", tmp_path / "file")


def test_the_drawings_are_drawn_by_one_process_at_a_time(refused, workspace_dir):
    (workspace_dir / "data").mkdir(parents=True)

    with FileLock(workspace_dir / "data" / ".drawings.lock"):
        assert "another is drawing them" in refused("catalog", code=1)

    assert not (workspace_dir / "data" / "drawings").exists()


def test_sample_draws_a_catalogue(answer, tmp_path):
    out = answer("sample", "--dest", tmp_path / "s", "--n", 60, "--seed", 3)

    assert out == f"{tmp_path / 's'}\n"
    assert (tmp_path / "s" / "drawn.txt").read_text().endswith("60 images, seed 3.\n")
    assert len(list((tmp_path / "s").rglob("*.jpg"))) == 60


def test_no_run_yet(answer):
    assert "No run yet" in answer("runs")
    assert answer("runs", "--json") == ""


def test_runs_are_told_a_line_each(answer, color_run):
    [line] = answer("runs", "--json").splitlines()

    facts = json.loads(line)
    keys = [
        "run", "state", "error_rate", "error_low", "error_high", "n_valid", "balanced_error_rate",
        "class_error_rates", "seconds",
    ]  # fmt: skip
    assert list(facts) == keys
    assert (facts["run"], facts["state"], facts["error_rate"]) == (color_run.run_id, "lost", None)
    assert answer("runs") == f"{color_run.run_id}  lost\n"


@pytest.mark.parametrize("file", ["config.json", "status.json", "model.json"])
def test_a_damaged_run_is_listed_and_refused(answer, refused, color_run, file):
    (color_run.path / file).write_text("{")

    facts = json.loads(answer("runs", "--json"))

    known = {"run": color_run.run_id, "state": "damaged"}
    assert facts == dict.fromkeys(facts) | known
    assert answer("runs") == f"{color_run.run_id}  damaged\n"
    assert file in refused("classify", color_run.run_id, "a.jpg", code=1)


def test_photos_are_classified_an_object_a_line(answer, color_run, jpeg, tmp_path):
    for name in ("red", "blue"):
        (tmp_path / f"{name}.jpg").write_bytes(jpeg((20, 20), name))

    out = answer("classify", color_run.run_id, "red.jpg", tmp_path / "blue.jpg", "--json")

    red, blue = map(json.loads, out.splitlines())
    assert (red["file"], red["label"]) == ("red.jpg", "Women")
    assert (blue["file"], blue["label"]) == (str(tmp_path / "blue.jpg"), "Men")
    assert list(red["prob"]) == ["Women", "Men"]
    assert red["prob"]["Women"] == pytest.approx(blue["prob"]["Men"], abs=0.01)
    assert sum(red["prob"].values()) == pytest.approx(1)


def test_a_photo_is_classified_with_a_run_given_by_its_path(answer, color_run, jpeg, tmp_path):
    (tmp_path / "red.jpg").write_bytes(jpeg((20, 20), "red"))

    assert answer("classify", color_run.path, "red.jpg") == "red.jpg: Women, 98 %\n"


def test_a_file_that_is_no_photo_is_a_sentence_and_the_others_are_answered(
    capsys, color_run, jpeg, tmp_path
):
    (tmp_path / "text.jpg").write_text("no picture")
    with (tmp_path / "giant.jpg").open("wb") as file:
        file.truncate(61_000_000)
    (tmp_path / "folder.jpg").mkdir()
    (tmp_path / "good.jpg").write_bytes(jpeg((20, 20), "red"))
    bad = {
        "text.jpg": "is not one or is damaged",
        "giant.jpg": "has 61 MB",
        "folder.jpg": "there is no file",
        "missing.jpg": "there is no file",
    }
    files = [*bad, "good.jpg"]

    assert main(["classify", color_run.run_id, *files, "--json"]) == 2

    out, err = capsys.readouterr()
    lines = [json.loads(line) for line in out.splitlines()]
    assert [line["file"] for line in lines] == files
    for line, words in zip(lines, bad.values(), strict=False):
        assert set(line) == {"file", "error"}
        assert words in line["error"]
    assert lines[-1]["label"] == "Women"
    older, refused = err.splitlines()
    assert f"evaluate {color_run.run_id}" in older
    assert refused == "zapcls: 4 of 5 files could not be classified."
    assert lines[-1]["sure"] is lines[-1]["familiar"] is None
    assert main(["classify", color_run.run_id, "text.jpg"]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert "is not one or is damaged" in err.splitlines()[1]


def test_an_even_prior_of_a_run_that_knows_no_shares_is_refused(
    color_run, tmp_path, monkeypatch, capsys, jpeg
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "red.jpg").write_bytes(jpeg((20, 20), "red"))

    assert main(["classify", color_run.run_id, "red.jpg", "--prior", "even"]) == 2

    out, err = capsys.readouterr()
    assert out == ""
    assert "does not know them. Evaluate the run again" in err


def test_a_terminal_obeys_no_file_name(color_run, tmp_path, monkeypatch, capsys, jpeg):
    monkeypatch.chdir(tmp_path)
    names = ["a\n\x1b[31mb.jpg", "bad\r.jpg", "d\udc80.jpg"]
    (tmp_path / names[0]).write_bytes(jpeg((20, 20), "red"))

    assert main(["classify", color_run.run_id, *names]) == 2

    out, err = capsys.readouterr()
    assert out.startswith(r"a\n\x1b[31mb.jpg: Women")
    assert out.count("\n") == 1
    assert all(name in err for name in (r"bad\r.jpg", r"d\udc80.jpg"))


def test_a_folder_is_classified_into_a_csv(answer, refused, color_run, tmp_path, jpeg):
    (tmp_path / "photos").mkdir()
    for name, content in (("red.jpg", jpeg((20, 20), "red")), ("notes.txt", b"no picture")):
        (tmp_path / "photos" / name).write_bytes(content)

    said = answer("classify", color_run.run_id, "photos", "--csv", "out.csv")

    assert said == "Classified in out.csv: 1 photos; 1 could not be, see the column error.\n"
    header, notes, red = (tmp_path / "out.csv").read_text().splitlines()
    assert header == "file,label,prob,sure,familiar,error"
    assert notes.startswith("notes.txt,,,,,")
    assert red.startswith("red.jpg,Women,0.9")
    counts = answer("classify", color_run.run_id, "photos", "--csv", "out.csv", "--json")
    assert json.loads(counts) == {"csv": "out.csv", "classified": 1, "errors": 1}


NOWHERE = (
    *(["errors"], ["label-issues"], ["slices"], ["cross-validate"], ["color-bias"], ["trade"]),
    *(["evaluate"], ["compare", "other"], ["classify", "a.jpg"], ["report", "-o", "a.html"]),
    ["reviews export"],
)


@pytest.mark.parametrize("words", NOWHERE, ids=lambda words: words[0])
def test_a_run_that_is_not_there(refused, words):
    command, *rest = words

    assert refused(*command.split(), "no-run", *rest).startswith("RUN must be a run's id")


def test_a_run_that_is_not_evaluated(refused, color_run):
    sentence = refused("errors", color_run.run_id)

    assert "resume it (python -m zapcls train --resume" in sentence  # it was lost
    assert f"delete it (python -m zapcls delete {color_run.run_id})" in sentence
    color_run.weights_path.touch()
    assert "Evaluate it first: python -m zapcls evaluate" in refused("errors", color_run.run_id)


def test_a_report_s_name_is_checked_before_the_run(refused):
    assert "FILE must end in .html or .pdf" in refused("report", "any", "-o", "report.txt")


@pytest.mark.parametrize("command", ["train", "lr-find"])
@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--image-size", 7], "image_size must be a whole number 32..512 px, got 7"),
        (["--classes", "Women"], "classes must be at least two"),
        (["--weights", "body.pth"], "weights must be"),
    ],
)
def test_a_setting_out_of_range_starts_nothing(refused, workspace_dir, command, options, words):
    assert words in refused(command, *options)
    assert not workspace_dir.exists()


def test_a_training_on_nothing_starts_nothing(refused, tmp_path, workspace_dir):
    said = refused("train", "--data", tmp_path / "nowhere", "--json")
    assert "The data folder or file must exist" in said
    assert not workspace_dir.exists()


def test_the_presets_are_starting_points(monkeypatch, tmp_path, workspace_dir, write_catalogue):
    monkeypatch.setattr("zapcls.work.perform", lambda job, workspace, watch: None)
    folder = write_catalogue(tmp_path / "zap", build_rows())
    data = ["--data", str(folder)]
    for words in (
        ["train"],
        ["train", *data],
        ["train", "--preset", "blog-2019", "--seed", "7", "--frozen-lr", "suggested"],
        ["train", *data, "--unfrozen-lr", "0.01", "--classes", "Boys, Girls", "--split", "random"],
    ):
        assert main(words) == 0

    made = list_runs(open_workspace())
    configs = {(run.train_config.arch, run.train_config.seed): run for run in made}
    assert len(made) == 4
    [drawn] = [run for run in made if run.train_config == build_config("first-try")]
    assert drawn.data_dir == workspace_dir / "data" / "drawings"
    blog = configs["resnet50", 7].train_config
    assert (blog.image_size, blog.frozen_lr) == (224, "suggested")
    photos = [run.train_config for run in made if run.data_dir == folder]
    assert {config.arch for config in photos} == {"tf_efficientnet_lite0"}
    changed = next(config for config in photos if config.split == "random")
    assert (changed.unfrozen_lr, changed.classes) == (0.01, ("Boys", "Girls"))


def test_each_command_is_listed_and_has_help(capsys):
    with pytest.raises(SystemExit):
        main(["--help"])
    listed = capsys.readouterr().out
    for command in COMMANDS:
        with pytest.raises(SystemExit) as exit:
            main([command, "--help"])
        out = capsys.readouterr().out
        assert exit.value.code == 0
        assert out.startswith(f"usage: zapcls {command}")
        assert "--workspace" in out or command == "reviews"
        assert f"    {command}" in listed


@pytest.mark.parametrize(
    "words",
    [[], ["fly"], ["train", "--device", "abacus"], ["sample"], ["train", "--seed", "x"]],
)
def test_an_unknown_command_or_option_is_bad_input(words, capsys):
    with pytest.raises(SystemExit) as exit:
        main(words)

    assert exit.value.code == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("usage: zapcls")


def test_a_folder_that_is_no_job(refused, tmp_path):
    for folder in (tmp_path, tmp_path / "nowhere"):
        assert "JOB_DIR must be" in refused("work", folder)
    assert list(tmp_path.iterdir()) == []


def test_a_busy_port_is_a_sentence(refused, monkeypatch):
    def refuse_to_serve(*_):
        raise AssertionError("it serves")

    monkeypatch.setattr(os, "execve", refuse_to_serve)
    with socket.socket() as server:
        server.bind(("localhost", 0))
        server.listen()
        port = server.getsockname()[1]

        sentence = refused("serve", "--port", port)

    assert sentence.startswith(f"Port {port} must be free")
    assert f"--port {port + 1}, or make app PORT={port + 1}." in sentence


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--port", "99999"], "--port must be 1..65535, got 99999"),
        (["--port", "0"], "--port must be 1..65535, got 0"),
        (["--data", "/nope"], "The data folder or file must exist, got /nope"),
        (["--data", "/etc"], "got /etc, which holds no photo"),
    ],
)
def test_what_cannot_be_served_starts_no_server(refused, monkeypatch, options, words):
    monkeypatch.setattr(os, "execve", lambda *_: pytest.fail("it serves"))

    assert words in refused("serve", *options)


def test_a_demo_is_served_of_the_runs_that_are_named(
    refused, monkeypatch, color_run, call_evaluated
):
    served = []
    monkeypatch.setattr(os, "execve", lambda *call: served.append(call))
    monkeypatch.setattr(os, "chdir", lambda _: None)
    monkeypatch.setattr("zapcls.commands.machine.check_port", lambda _: None)
    assert "once it is evaluated" in refused("serve", "--demo", color_run.run_id)
    call_evaluated(color_run)
    assert "Leave it out" in refused("serve", "--demo", color_run.run_id, "--data", "any")
    assert served == []

    assert main(["serve", "--demo", color_run.run_id]) == 0

    [(_, command, environment)] = served
    assert environment[permissions.ENVIRONMENT] == "demo"
    assert environment[permissions.RUNS_ENVIRONMENT] == color_run.run_id
    assert command[command.index("--client.showErrorDetails") + 1] == "none"


def test_a_port_that_needs_rights_is_not_called_busy(refused, monkeypatch):
    def refuse(*_):
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(socket, "socket", lambda: FakeSocket(refuse))

    sentence = refused("serve", "--port", 80)

    assert sentence.startswith("Port 80 needs rights")
    assert "--port 8501" in sentence


class FakeSocket(contextlib.AbstractContextManager):
    """A socket that refuses every port."""

    def __init__(self, refuse):
        self.bind, self.setsockopt = refuse, lambda *_: None

    def __exit__(self, *error):
        return None


@pytest.mark.skipif(not Path("/proc/self").is_dir(), reason="needs a folder that nobody can write")
@pytest.mark.parametrize(
    "words", [["report", "any", "-o", "/proc/a.html"], ["sample", "--dest", "/proc/a"]]
)
def test_a_folder_that_cannot_be_written_is_a_sentence(refused, words):
    code = 2 if words[0] == "report" else 1
    assert "/proc/a" in refused(*words, code=code)


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS])
def test_a_disk_that_takes_nothing_is_a_sentence(refused, monkeypatch, tmp_path, number):
    def refuse(*_, **__):
        raise OSError(number, os.strerror(number), str(tmp_path / "shoes"))

    monkeypatch.setattr("pathlib.Path.mkdir", refuse)

    sentence = refused("sample", "--dest", "shoes", code=1)

    assert str(tmp_path / "shoes") in sentence
    assert "no room" in sentence or "may only be read" in sentence


@pytest.mark.parametrize("top", [0, -3, "many"])
def test_a_number_of_errors_is_one_or_more(capsys, top):
    with pytest.raises(SystemExit, match="2"):
        main(["errors", "any", "--top", str(top)])
    assert f"1 or more, got '{top}'" in capsys.readouterr().err


def test_a_drawn_catalogue_is_replaced_only_where_that_is_asked(refused, answer):
    answer("sample", "--dest", "shoes", "--n", 60)

    assert "already" in refused("sample", "--dest", "shoes", "--n", 61)
    answer("sample", "--dest", "shoes", "--n", 61, "--replace")


def test_a_frozen_random_network_has_no_rate_to_find(refused, workspace_dir):
    options = ["--weights", "none", "--frozen-epochs", "0", "--unfrozen-epochs", "1"]

    assert "a frozen random network learns nothing" in refused(
        "lr-find", "--phase", "frozen", *options
    )
    assert not workspace_dir.exists()


@pytest.mark.parametrize("command", ["train", "lr-find"])
def test_a_second_training_is_refused_before_anything_is_made(refused, workspace_dir, command):
    workspace = open_workspace(workspace_dir)
    devices.remember_auto(workspace, "cpu")
    with devices.hold(workspace, "cpu", "the first"):
        for device in ("cpu", "auto"):
            assert "the first is using it" in refused(command, "--device", device, code=1)
    assert list_runs(workspace) == []
    assert not workspace.jobs_dir.exists()


def test_a_deleted_run_lies_in_the_trash(refused, answer, color_run):
    workspace = open_workspace(color_run.path.parents[1])
    with FileLock(color_run.path / "lock"):
        assert "is at work" in refused("delete", color_run.run_id, code=1)

    assert str(workspace.trash_dir / color_run.run_id) in answer("delete", color_run.run_id)

    assert list_runs(workspace) == []
    assert (workspace.trash_dir / color_run.run_id / "config.json").is_file()
    assert "RUN must be a run's id" in refused("delete", color_run.run_id)


def test_an_archived_run_is_listed_apart_and_comes_back(answer, color_run):
    workspace = open_workspace(color_run.path.parents[1])
    assert str(workspace.archive_dir / color_run.run_id) in answer("archive", color_run.run_id)

    assert "No run yet" in answer("runs")
    assert answer("runs", "--archived").split() == [color_run.run_id]
    assert json.loads(answer("runs", "--archived", "--json")) == {"run": color_run.run_id}
    answer("restore", color_run.run_id)
    assert list_runs(workspace) == [color_run]


def test_an_interrupted_command_ends_with_130(monkeypatch, capsys, drawn):
    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("zapcls.workspace.opening.read_catalogue", interrupt)

    assert main(["catalog", "--data", str(drawn)]) == 130
    assert capsys.readouterr().err.endswith("zapcls: interrupted.\n")
