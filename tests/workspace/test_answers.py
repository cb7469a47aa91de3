"""Files of an evaluation: replaced whole, one by one, the one that says all is there at last."""

import numpy as np
import pytest

from zapcls.workspace.answers import replace_files


def write(folder, **contents):
    for name, content in contents.items():
        np.save(folder / f"{name}.npy", np.full(1000, content))


def test_who_has_a_file_mapped_goes_on_reading_it_while_it_is_replaced(tmp_path):
    write(tmp_path, embeddings=1, metrics=1)
    mapped = np.load(tmp_path / "embeddings.npy", mmap_mode="r")

    replace_files(tmp_path, lambda aside: write(aside, embeddings=2), last="metrics.npy")

    assert mapped.sum() == 1000
    assert np.load(tmp_path / "embeddings.npy").sum() == 2000
    assert np.load(tmp_path / "metrics.npy").sum() == 1000
    assert len(list(tmp_path.iterdir())) == 2


def test_where_the_writing_fails_all_files_stay(tmp_path):
    write(tmp_path, embeddings=1, metrics=1)

    def fail(aside):
        write(aside, embeddings=2)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        replace_files(tmp_path, fail, last="metrics.npy")

    assert np.load(tmp_path / "embeddings.npy").sum() == 1000
    assert len(list(tmp_path.iterdir())) == 2


def test_the_last_file_comes_when_all_others_are_there(tmp_path):
    def write_and_block(aside):
        write(aside, zeta=2, metrics=2)
        (tmp_path / "zeta.npy").mkdir()  # so that it cannot be replaced

    with pytest.raises(IsADirectoryError):
        replace_files(tmp_path, write_and_block, last="metrics.npy")

    assert not (tmp_path / "metrics.npy").exists()
