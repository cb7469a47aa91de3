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
    {"CID": "100627-72", "Gender": "Men", "SubCategory": "Oxfords", "Material": "None"},
    {"CID": "100627-255", "Gender": "Men", "Closure": "Lace up", "Material": "NA"},
    {"CID": "7-1-2", "Gender": "Women", "brand": "Neil M.", "ToeStyle": "Round Toe;Closed Toe"},
    {"CID": "8-9", "Gender": "Men;Women", "photo": None},
]


def test_metadata_and_paths_are_joined_row_by_row(write_catalogue, tmp_path):
    table = read_catalogue(write_catalogue(tmp_path, ROWS)).table

    assert set(table.columns) == {*schema.CATALOG, *schema.FILES, "brand", *METADATA.values()}
    columns = table.to_dict("list")
    assert columns["image_id"] == ["100627-72", "100627-255", "7-1-2", "8-9"]
    assert columns["product_id"] == ["100627", "100627", "7-1", "8"]
    assert columns["image_path"] == [
        "Shoes/Heels/Acme/100627.72.jpg",
        "Shoes/Heels/Acme/100627.255.jpg",
        "Shoes/Heels/Neil M./7.1.2.jpg",
        "Shoes/Heels/Acme/8.9.jpg",
    ]
    assert columns["image_problem"] == ["", "", "", "image missing"]
    assert columns["brand"] == ["Acme", "Acme", "Neil M.", "Acme"]
    assert columns["sub_category"] == ["Oxfords", "Heels", "Heels", "Heels"]
    assert columns["closure"] == ["", "Lace up", "", ""]
    assert columns["toe_style"] == ["", "", "Round Toe;Closed Toe", ""]
    assert columns["material"] == ["None", "NA", "", ""]  # words, not pandas' blanks


def test_bytes_and_time_of_change_are_those_on_disk(write_catalogue, jpeg, tmp_path):
    photo = jpeg((40, 30), "red")
    folder = write_catalogue(tmp_path, [{"CID": "1-1", "photo": photo}, ROWS[3]])
    [file] = folder.rglob("1.1.jpg")
    os.utime(file, ns=(0, 1_700_000_000_123_456_789))

    table = read_catalogue(folder).table

    assert table["file_bytes"].tolist() == [len(photo), -1]
    assert table["file_mtime_ns"].tolist() == [1_700_000_000_123_456_789, -1]


@pytest.mark.parametrize(
    ("brand", "disk"),
    [
        *(("Neil M.", disk) for disk in ("Neil M.", "Neil M%2E", "Neil M")),
        *(("L.A.M.B.", disk) for disk in ("L.A.M.B.", "L.A.M.B%2E", "L.A.M.B")),
        *(("Levi's&#174;", disk) for disk in ("Levi's&#174;", "Levi's®")),
    ],
)
def test_a_brand_is_found_under_the_names_that_unpackers_give_it(
    write_catalogue, tmp_path, brand, disk
):
    write_catalogue(tmp_path, [{"CID": "1-1", "brand": brand, "disk": disk}, {"CID": "2-1"}])

    row = read_catalogue(tmp_path).table.iloc[0]

    assert (row["image_path"], row["image_problem"]) == (f"Shoes/Heels/{disk}/1.1.jpg", "")
    assert row["brand"] == brand.replace("&#174;", "®")


def test_both_names_of_the_image_folder_are_taken_the_square_images_first(
    write_catalogue, tmp_path
):
    for name in ("ut-zap50k-images", "ut-zap50k-images-square"):
        write_catalogue(tmp_path, ROWS, image_folder=name)

        assert read_catalogue(tmp_path).image_root == tmp_path / name


def test_the_two_files_may_lie_beside_the_images(write_catalogue, tmp_path):
    write_catalogue(tmp_path, ROWS)
    for file in list((tmp_path / "ut-zap50k-data").iterdir()):
        file.rename(tmp_path / file.name)
    (tmp_path / "ut-zap50k-data").rmdir()

    assert len(read_catalogue(tmp_path).table) == 4


def test_the_official_mat_nests_each_path_in_a_list_of_one(write_catalogue, tmp_path):
    flat = read_catalogue(write_catalogue(tmp_path, ROWS)).table
    paths = np.array([[path] for path in flat["image_path"]], dtype=object)
    mat = tmp_path / "ut-zap50k-data" / "image-path.mat"
    scipy.io.savemat(mat, {"imagepath": paths}, do_compression=True)

    assert read_catalogue(tmp_path).table["image_path"].equals(flat["image_path"])


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
    with (tmp_path / "drawn" / "truth.csv").open(newline="") as stream:
        truth = [row["image_id"] for row in csv.DictReader(stream)]

    drawn = read_catalogue(tmp_path / "drawn")

    assert drawn.table["image_id"].tolist() == truth
    assert (drawn.table["image_problem"] == "").all()
    assert drawn.is_drawn
    assert not read_catalogue(write_catalogue(tmp_path / "photos", ROWS)).is_drawn
