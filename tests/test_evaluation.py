"""What an evaluation counts where a target has no photo, and what it takes for trained on."""

import json
import shutil

import pytest
from hand_made import GENDER

from zapcls.work.evaluate import summarize
from zapcls.work.limits import write_limits
from zapcls.workspace.layout import read_json, write_json
from zapcls.workspace.run_tables import list_elsewhere
from zapcls.workspace.summaries import summarize_rates


@pytest.fixture
def bare(build_table):
    """The summary of answers of which none in valid has a label."""
    return summarize(build_table([{"split": "train"}, {"label": ""}]), GENDER)


def test_a_target_without_photos_is_counted_in_json_as_nothing(bare):
    assert json.loads(json.dumps(bare, allow_nan=False)) == bare
    assert bare["balanced"] is bare["macro_f1"] is bare["guess_error_rate"] is None
    assert summarize_rates(bare)["balanced_error_rate"] is None


def test_an_evaluation_elsewhere_without_photos_of_the_target_is_left_out(several, bare, tmp_path):
    run = several.run.about("gender")
    own = type(run)(shutil.copytree(run.path, tmp_path / run.run_id), target=run.target)
    rates = {"splits": {"valid": {"n": 3}}}
    for name, gender in (("one", bare), ("two", rates)):
        targets = {"sub_category": rates, "gender": gender}
        folder = own.path / "derived" / f"evaluate-{name}"
        folder.mkdir(parents=True)
        write_json(folder / "metrics.json", {"catalogue_id": name, "targets": targets})

    assert [facts["catalogue_id"] for facts in list_elsewhere(own)] == ["two"]
    assert [facts["catalogue_id"] for facts in list_elsewhere(own.about(""))] == ["one", "two"]


def test_a_last_layer_of_even_draws_has_learned_the_shares_of_a_draw(build_table, tmp_path):
    counts = {("Women", "pink"): 40, ("Women", "black"): 60, ("Men", "black"): 300}
    rows = [
        {"label": label, "prediction": label, "split": split, "color": color}
        for (label, color), n in counts.items()
        for split in ("train",) * n + ("tune",)
    ]
    table = build_table(rows)
    asked = {"gender": table}, [GENDER], {"gender": 1.0}

    def read_shares(is_even, colors=None):
        write_limits(tmp_path, *asked, is_even=is_even, closeness=None, colors=colors)
        return read_json(tmp_path / "answer.json")["targets"]["gender"]["shares"]

    assert read_shares(False) == {"Women": 0.25, "Men": 0.75}
    assert read_shares(True) == {"Women": 0.5, "Men": 0.5}
    drawn = {"Women": 2 / 3, "Men": 1 / 3}  # 40 photos of each of the three groups
    colors = table.set_index("image_id")["color"]
    assert read_shares(True, colors) == pytest.approx(drawn)
