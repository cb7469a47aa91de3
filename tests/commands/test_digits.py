"""scikit-learn's digits, as class folders and as a Parquet table: the same to learn from both."""

import numpy as np
import pandas as pd
from PIL import Image
from sklearn.datasets import load_digits

from zapcls.config import TrainConfig
from zapcls.data.sources.columns import Columns
from zapcls.progress import silent
from zapcls.workspace.contents import write_columns
from zapcls.workspace.layout import open_workspace
from zapcls.workspace.opening import open_data
from zapcls.workspace.splits import read_split

PHOTOS = 200


def write_digits(folder):
    """Write digits into class folders, and a table of the same files in another order."""
    data, rows = load_digits(), []
    for number in range(PHOTOS):
        digit = data.target[number]
        file = folder / "photos" / str(digit) / f"{number:04}.png"
        file.parent.mkdir(parents=True, exist_ok=True)
        drawn = Image.fromarray((255 - 15 * data.images[number]).astype(np.uint8))
        drawn.resize((32, 32)).save(file)
        rows.append((f"{digit}/{number:04}.png", digit))
    table = pd.DataFrame(rows, columns=["file", "digit"]).sample(frac=1, random_state=0)
    table.to_parquet(folder / "digits.parquet")
    return folder / "photos", folder / "digits.parquet"


def test_folders_and_a_table_are_the_same_photos_labels_and_split(tmp_path):
    """All that a training of one seed depends on, so that its answers are the same too."""
    workspace = open_workspace(tmp_path / "workspace")
    photos, table = write_digits(tmp_path)
    write_columns(workspace, table, Columns(root=str(photos)))
    stores = [open_data(workspace, place, silent, with_colors=False) for place in (photos, table)]
    splits = [read_split(store, TrainConfig(target=store.target)) for store in stores]
    assert [store.target for store in stores] == ["class", "digit"]
    pd.testing.assert_frame_equal(*(split.drop(columns="target") for split in splits))
    assert set(splits[0]["split"]) == {"train", "tune", "valid"}
    np.testing.assert_array_equal(*(store.pixels for store in stores))
