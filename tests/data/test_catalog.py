import csv
import os

import numpy as np
import pytest
import scipy.io

from zapcls import schema
from zapcls.data import sample
from zapcls.data.sources import read_catalogue
from zapcls.data.sources.zappos import METADATA

ROWS = [
    {"CID": "100627-72", "Gender": "Men", "SubCategory": "Oxfords", "Material": "Suede"},
    {"CID": "100627-255", "Gender": "Men", "Closure": "Lace up"},
    {"CID": "7-1", "Gender": "Women", "brand": "Neil M.", "ToeStyle": "Round Toe;Closed Toe"},
    {"CID": "8-9", "Gender": "Men;Women"},
]


def read_one_brand(write_catalogue, folder, brand, disk):
    """Write two photos, the first in this brand's folder, and return the first's row."""
    write_catalogue(folder, [{"CID": "1-1", "brand": brand, "disk": disk}, {"CID": "2-1"}])
    return read_catalogue(folder).table.iloc[0]


def test_metadata_and_paths_are_joined_row_by_row(write_catalogue, tmp_path):
    table = read_catalogue(write_catalogue(tmp_path, ROWS)).table

    assert set(table.columns) == {*schema.CATALOG, *schema.FILES, "brand", *METADATA.values()}
    assert table["image_id"].tolist() == ["100627-72", "100627-255", "7-1", "8-9"]
    assert table["product_id"].tolist() == ["100627", "100627", "7", "8"]
    assert table["image_path"].tolist() == [
        "Shoes/Heels/Acme/100627.72.jpg",
        "Shoes/Heels/Acme/100627.255.jpg",
        "Shoes/Heels/Neil M./7.1.jpg",
        "Shoes/Heels/Acme/8.9.jpg",
    ]
    assert table["brand"].tolist() == ["Acme", "Acme", "Neil M.", "Acme"]
    assert table["sub_category"].tolist() == ["Oxfords", "Heels", "Heels", "Heels"]
    assert table["closure"].tolist() == ["", "Lace up", "", ""]
    assert table["toe_style"].tolist() == ["", "", "Round Toe;Closed Toe", ""]
    assert table["material"].tolist() == ["Suede", "", "", ""]


def test_a_product_is_all_of_a_cid_but_its_color(write_catalogue, tmp_path):
    table = read_catalogue(write_catalogue(tmp_path, [{"CID": "7-1-2"}, {"CID": "7-2-2"}])).table

    assert table["product_id"].tolist() == ["7-1", "7-2"]


def test_bytes_are_those_on_disk_and_a_missing_photo_has_none(write_catalogue, jpeg, tmp_path):
    photo = jpeg((40, 30), "red")
    rows = [{"CID": "1-1", "photo": photo}, {"CID": "2-1", "photo": None}]

    table = read_catalogue(write_catalogue(tmp_path, rows)).table

    assert table["file_bytes"].tolist() == [len(photo), -1]
    assert table["image_problem"].tolist() == ["", "image missing"]
    assert table["image_path"].tolist()[1] == "Shoes/Heels/Acme/2.1.jpg"


def test_a_photo_s_time_of_change_is_kept_to_the_nanosecond(write_catalogue, tmp_path):
    folder = write_catalogue(tmp_path, [{"CID": "1-1"}, {"CID": "2-1", "photo": None}])
    [photo] = folder.rglob("1.1.jpg")
    os.utime(photo, ns=(0, 1_700_000_000_123_456_789))

    table = read_catalogue(folder).table

    assert table["file_mtime_ns"].tolist() == [1_700_000_000_123_456_789, -1]


@pytest.mark.parametrize("disk", ["Neil M.", "Neil M%2E", "Neil M"])
def test_a_brand_that_ends_in_a_period_is_found_as_unpackers_write_it(
    write_catalogue, tmp_path, disk
):
    row = read_one_brand(write_catalogue, tmp_path, "Neil M.", disk)

    assert row["image_path"] == f"Shoes/Heels/{disk}/1.1.jpg"
    assert row["image_problem"] == ""
    assert row["brand"] == "Neil M."


@pytest.mark.parametrize("disk", ["L.A.M.B.", "L.A.M.B%2E", "L.A.M.B"])
def test_only_the_last_period_is_changed(write_catalogue, tmp_path, disk):
    row = read_one_brand(write_catalogue, tmp_path, "L.A.M.B.", disk)

    assert row["image_path"] == f"Shoes/Heels/{disk}/1.1.jpg"


@pytest.mark.parametrize("disk", ["Levi's&#174;", "Levi's®"])
def test_an_html_entity_may_be_resolved_on_disk(write_catalogue, tmp_path, disk):
    row = read_one_brand(write_catalogue, tmp_path, "Levi's&#174;", disk)

    assert row["image_path"] == f"Shoes/Heels/{disk}/1.1.jpg"
    assert row["brand"] == "Levi's®"


@pytest.mark.parametrize("name", ["ut-zap50k-images", "ut-zap50k-images-square"])
def test_both_names_of_the_image_folder_are_taken(write_catalogue, tmp_path, name):
    write_catalogue(tmp_path, ROWS, image_folder=name)

    assert read_catalogue(tmp_path).image_root == tmp_path / name


def test_the_square_images_are_preferred(write_catalogue, tmp_path):
    write_catalogue(tmp_path, ROWS, image_folder="ut-zap50k-images")
    write_catalogue(tmp_path, ROWS, image_folder="ut-zap50k-images-square")

    assert read_catalogue(tmp_path).image_root.name == "ut-zap50k-images-square"


def test_the_two_files_may_lie_beside_the_images(write_catalogue, tmp_path):
    write_catalogue(tmp_path, ROWS)
    for file in list((tmp_path / "ut-zap50k-data").iterdir()):
        file.rename(tmp_path / file.name)
    (tmp_path / "ut-zap50k-data").rmdir()

    assert len(read_catalogue(tmp_path).table) == 4


def test_the_official_mat_nests_each_path_in_a_list_of_one(write_catalogue, tmp_path):
    flat = read_catalogue(write_catalogue(tmp_path, ROWS)).table
    mat = tmp_path / "ut-zap50k-data" / "image-path.mat"
    paths = np.array([[path] for path in flat["image_path"]], dtype=object)
    scipy.io.savemat(mat, {"imagepath": paths}, do_compression=True)

    nested = read_catalogue(tmp_path).table

    assert nested["image_path"].tolist() == flat["image_path"].tolist()


def test_words_that_mean_nothing_to_pandas_stay_words(write_catalogue, tmp_path):
    rows = [{"CID": "1-1", "Material": "None"}, {"CID": "2-1", "Material": "NA"}]

    table = read_catalogue(write_catalogue(tmp_path, rows)).table

    assert table["material"].tolist() == ["None", "NA"]


def test_a_csv_saved_by_a_spreadsheet_with_a_byte_order_mark_is_read(write_catalogue, tmp_path):
    file = write_catalogue(tmp_path, ROWS) / "ut-zap50k-data" / "meta-data.csv"
    file.write_bytes(b"\xef\xbb\xbf" + file.read_bytes())

    assert read_catalogue(tmp_path).table["image_id"].iloc[0] == "100627-72"


@pytest.mark.parametrize("brand", ["x" * 300, "Levi's\0"])
def test_a_name_that_no_file_can_have_is_a_missing_photo(write_catalogue, tmp_path, brand):
    rows = [{"CID": "1-1", "brand": brand, "photo": None}, {"CID": "2-1"}]

    table = read_catalogue(write_catalogue(tmp_path, rows)).table

    assert table["image_problem"].tolist() == ["image missing", ""]


def test_a_symlink_that_stays_inside_is_followed_and_a_loop_is_missing(write_catalogue, tmp_path):
    rows = [{"CID": "1-1"}, {"CID": "2-1", "photo": None}, {"CID": "3-1", "photo": None}]
    brand = write_catalogue(tmp_path, rows) / "ut-zap50k-images/Shoes/Heels/Acme"
    (brand / "2.1.jpg").symlink_to("1.1.jpg")
    (brand / "3.1.jpg").symlink_to("3.1.jpg")

    table = read_catalogue(tmp_path).table

    assert table["image_problem"].tolist() == ["", "", "image missing"]
    assert table["file_bytes"].iloc[1] == table["file_bytes"].iloc[0]


def test_a_drawn_catalogue_is_read_by_the_same_code_and_known_as_drawn(write_catalogue, tmp_path):
    sample.draw_catalogue(tmp_path / "drawn", n=60, seed=1)
    write_catalogue(tmp_path / "photos", ROWS)

    drawn = read_catalogue(tmp_path / "drawn")

    with (tmp_path / "drawn" / "truth.csv").open(newline="") as stream:
        truth = [row["image_id"] for row in csv.DictReader(stream)]
    assert drawn.table["image_id"].tolist() == truth
    assert (drawn.table["image_problem"] == "").all()
    assert drawn.is_drawn
    assert not read_catalogue(tmp_path / "photos").is_drawn
