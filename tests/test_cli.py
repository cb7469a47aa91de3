"""The commands that need no torch, in this process; test_cli_training.py has the others."""

import json
import os
import socket

import pytest
from filelock import FileLock

from zapcls.__main__ import main
from zapcls.workspace.layout import ENVIRONMENT, open_workspace
from zapcls.workspace.runs import list_runs

COMMANDS = (
    *("catalog", "download", "sample", "train", "lr-find", "runs"),
    *("evaluate", "classify", "devices", "serve", "work"),
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


def test_the_counts_of_a_catalogue_made_by_hand(answer, write_catalogue, tmp_path):
    rows = build_rows(12, 11)
    rows += [{"CID": "1-2"}, {"CID": "90-1", "Gender": ""}, {"CID": "91-1", "Gender": "Girls"}]
    rows += [{"CID": "92-1", "Gender": "Men;Women"}, {"CID": "93-1", "photo": None}]

    facts = json.loads(answer("catalog", "--data", write_catalogue(tmp_path / "z", rows), "--json"))

    assert facts == {
        "rows": 28,
        "kept": 24,
        "classes": {"Women": 13, "Men": 11},
        "products": 23,
        "dropped": {
            "another gender": 1,
            "blank gender": 1,
            "image missing": 1,
            "several genders": 1,
        },
    }


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


@pytest.mark.parametrize("content", [b"\xff\xd8\xff\xe0 cut off", b"<html>not found</html>", b""])
def test_an_unreadable_photo_is_told_and_counted(capsys, write_catalogue, tmp_path, content):
    rows = build_rows(11, 10)
    rows[0]["photo"] = content
    folder = write_catalogue(tmp_path / "z", rows)

    assert main(["catalog", "--data", str(folder), "--json"]) == 0

    out, err = capsys.readouterr()
    assert json.loads(out)["dropped"] == {"image unreadable": 1}
    assert err.count("zapcls: ") == 1
    assert "1 of the photos cannot be read" in err
    assert "Shoes/Heels/Acme/1.1.jpg" in err


def test_no_such_data_folder(refused, tmp_path):
    sentence = refused("catalog", "--data", tmp_path / "nowhere", "--json")

    assert sentence.startswith(f"The data folder must exist, got {tmp_path / 'nowhere'}")
    assert "python -m zapcls download" in sentence


@pytest.mark.parametrize("name", ["meta-data.csv", "image-path.mat"])
def test_a_missing_file(refused, write_catalogue, tmp_path, name):
    folder = write_catalogue(tmp_path / "z", build_rows())
    (folder / "ut-zap50k-data" / name).unlink()

    sentence = refused("catalog", "--data", folder, "--json")

    assert name in sentence
    assert "python -m zapcls download" in sentence


@pytest.mark.parametrize(
    ("name", "words"), [("meta-data.csv", "CSV"), ("image-path.mat", "MATLAB 5 .mat file")]
)
def test_a_file_that_is_not_what_its_name_says(refused, write_catalogue, tmp_path, name, words):
    folder = write_catalogue(tmp_path / "z", build_rows())
    (folder / "ut-zap50k-data" / name).write_bytes(b"\x89PNG\r\n\x1a\n\xff\xfe")

    sentence = refused("catalog", "--data", folder, "--json")

    assert name in sentence
    assert words in sentence


def test_two_files_that_do_not_fit_each_other(refused, write_catalogue, tmp_path):
    folder = write_catalogue(tmp_path / "z", build_rows())
    other = write_catalogue(tmp_path / "y", build_rows(11))
    mat = "ut-zap50k-data/image-path.mat"
    (folder / mat).write_bytes((other / mat).read_bytes())

    assert "20 and 21 rows" in refused("catalog", "--data", folder, "--json")


def test_a_path_of_another_cid(refused, write_catalogue, tmp_path):
    rows = build_rows()
    rows[4] |= {"path": "Shoes/Heels/Acme/99.9.jpg"}

    sentence = refused("catalog", "--data", write_catalogue(tmp_path / "z", rows), "--json")

    assert "Row 5" in sentence
    assert "CID 5-1" in sentence


@pytest.mark.parametrize("photo", [None, b"no picture"])
def test_no_image_at_all(refused, write_catalogue, tmp_path, photo):
    rows = [row | {"photo": photo} for row in build_rows()]

    sentence = refused("catalog", "--data", write_catalogue(tmp_path / "z", rows), "--json")

    assert "none of" in sentence


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([{"CID": f"{n}-1", "Gender": "Girls"} for n in range(1, 21)], "dropped all 20"),
        (build_rows(20, 0), "Men has none"),
        (build_rows(20, 9), "Men has 9"),
    ],
    ids=["no row left", "one class only", "too few products"],
)
def test_a_catalogue_that_cannot_be_trained_on(refused, write_catalogue, tmp_path, rows, words):
    folder = write_catalogue(tmp_path / "z", rows)

    assert words in refused("catalog", "--data", folder, "--json")


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


@pytest.mark.parametrize(
    ("options", "words"), [(["--n", 5], "got 5"), (["--seed", -1], "seed must be")]
)
def test_sample_out_of_range(refused, tmp_path, options, words):
    assert words in refused("sample", "--dest", tmp_path / "s", *options)
    assert not (tmp_path / "s").exists()


def test_sample_into_a_folder_that_holds_something_else(refused, tmp_path):
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "holiday.jpg").write_bytes(b"")

    assert "holds something else" in refused("sample", "--dest", tmp_path / "photos")
    assert (tmp_path / "photos" / "holiday.jpg").exists()


def test_no_run_yet(answer):
    assert "No run yet" in answer("runs")
    assert answer("runs", "--json") == ""


def test_runs_are_told_a_line_each(answer, color_run):
    [line] = answer("runs", "--json").splitlines()

    facts = json.loads(line)
    assert list(facts) == [
        "run",
        "state",
        "error_rate",
        "error_low",
        "error_high",
        "n_valid",
        "seconds",
    ]
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

    assert answer("classify", color_run.path, "red.jpg") == "red.jpg: Women, 98%\n"


@pytest.fixture
def bad_files(tmp_path):
    (tmp_path / "text.jpg").write_text("no picture")
    (tmp_path / "empty.png").touch()
    with (tmp_path / "giant.jpg").open("wb") as file:
        file.truncate(26_000_000)
    (tmp_path / "folder.jpg").mkdir()
    return {
        "text.jpg": "is not one or is damaged",
        "empty.png": "is not one or is damaged",
        "giant.jpg": "has 26 MB",
        "folder.jpg": "there is no file",
        "missing.jpg": "there is no file",
    }


def test_a_file_that_is_no_photo_has_an_error_in_its_line(
    capsys, color_run, bad_files, jpeg, tmp_path
):
    (tmp_path / "good.jpg").write_bytes(jpeg((20, 20), "red"))
    files = [*bad_files, "good.jpg"]

    assert main(["classify", color_run.run_id, *files, "--json"]) == 2

    out, err = capsys.readouterr()
    lines = [json.loads(line) for line in out.splitlines()]
    assert [line["file"] for line in lines] == files
    for line, words in zip(lines, bad_files.values(), strict=False):
        assert set(line) == {"file", "error"}
        assert words in line["error"]
    assert lines[-1]["label"] == "Women"
    assert err == "zapcls: 5 of 6 files could not be classified.\n"


def test_a_file_that_is_no_photo_is_a_sentence_on_standard_error(capsys, color_run, bad_files):
    for name, words in bad_files.items():
        assert main(["classify", color_run.run_id, name]) == 2
        out, err = capsys.readouterr()
        assert out == ""
        assert words in err.splitlines()[0]
        assert "Traceback" not in err


def test_a_run_that_is_not_there(refused):
    for words in (["classify", "no-run", "a.jpg"], ["evaluate", "no-run"]):
        assert refused(*words).startswith("RUN must be a run's id")


def test_classifying_with_a_run_that_has_no_model(refused, color_run):
    color_run.onnx_path.unlink()

    assert "no exported model yet" in refused("classify", color_run.run_id, "a.jpg", code=1)


@pytest.mark.parametrize("command", ["train", "lr-find"])
@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--image-size", 7], "image_size must be a whole number 32..512 px, got 7"),
        (["--arch", "resnet7"], "got 'resnet7'"),
        (["--classes", "Women"], "classes must be at least two"),
        (["--weights", "none", "--frozen-epochs", 1], "frozen_epochs must be 0"),
        (["--weights", "body.pth"], "weights must be"),
        (["--unfrozen-lr", -1], "unfrozen_lr must be"),
        (["--seed", -1], "seed must be"),
    ],
)
def test_a_setting_out_of_range_starts_nothing(refused, workspace_dir, command, options, words):
    assert words in refused(command, *options)
    assert not workspace_dir.exists()


def test_a_training_on_nothing_fails_with_its_sentence(refused, tmp_path, workspace_dir):
    sentence = refused("train", "--data", tmp_path / "nowhere")

    assert "The data folder must exist" in sentence
    assert len(list((workspace_dir / "runs").glob("*/status.json"))) == 1


def test_a_training_that_failed_says_so_in_its_json(capsys, tmp_path):
    assert main(["train", "--data", str(tmp_path / "nowhere"), "--json"]) == 2

    out, err = capsys.readouterr()
    facts = json.loads(out)
    assert (facts["state"], facts["error_rate"]) == ("failed", None)
    assert err.count("zapcls: ") == 1


def test_the_presets_are_starting_points(monkeypatch, tmp_path, workspace_dir):
    monkeypatch.setattr("zapcls.work.perform", lambda job, workspace, watch: None)
    data = ["--data", str(tmp_path)]
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
    drawn = configs["resnet10t", 0]
    assert drawn.train_config.weights == "none"
    assert drawn.data_dir == workspace_dir / "data" / "drawings"
    blog = configs["resnet50", 7].train_config
    assert (blog.image_size, blog.frozen_lr) == (224, "suggested")
    photos = [run.train_config for run in made if run.data_dir == tmp_path]
    assert {config.arch for config in photos} == {"mobilenet_v2"}
    changed = next(config for config in photos if config.split == "random")
    assert (changed.unfrozen_lr, changed.classes) == (0.01, ("Boys", "Girls"))


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_has_help(command, capsys):
    with pytest.raises(SystemExit) as exit:
        main([command, "--help"])

    assert exit.value.code == 0
    out = capsys.readouterr().out
    assert out.startswith(f"usage: zapcls {command}")
    assert "--workspace" in out


def test_the_help_lists_every_command(capsys):
    with pytest.raises(SystemExit):
        main(["--help"])

    out = capsys.readouterr().out
    assert all(f"  {command} " in out for command in COMMANDS)


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
    assert f"--port {port + 1}" in sentence


def test_an_interrupted_command_ends_with_130(monkeypatch, capsys, drawn):
    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("zapcls.workspace.opening.read_catalogue", interrupt)

    assert main(["catalog", "--data", str(drawn)]) == 130
    assert capsys.readouterr().err.endswith("zapcls: interrupted.\n")
