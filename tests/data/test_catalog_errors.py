import shutil

import mat4py
import pytest

from zapcls.data.sources import read_catalogue
from zapcls.errors import BadInput

ROWS = [{"CID": "1-1"}, {"CID": "2-1", "Gender": "Men"}, {"CID": "3-1"}]
DOWNLOAD = "python -m zapcls download"
COLUMNS = b"CID,Category,SubCategory,HeelHeight,Insole,Closure,Gender,Material,ToeStyle\n"


@pytest.fixture
def folder(write_catalogue, tmp_path):
    return write_catalogue(tmp_path / "zap", ROWS)


@pytest.fixture
def csv_file(folder):
    return folder / "ut-zap50k-data" / "meta-data.csv"


@pytest.fixture
def mat_file(folder):
    return folder / "ut-zap50k-data" / "image-path.mat"


def test_bad_input_ends_a_command_with_code_2():
    assert BadInput.exit_code == 2


def test_a_folder_that_is_not_there(tmp_path, refuses):
    with refuses("data folder must exist", tmp_path / "nowhere", DOWNLOAD):
        read_catalogue(tmp_path / "nowhere")


def test_a_file_instead_of_a_folder(csv_file, refuses):
    with refuses("data folder must exist", csv_file):
        read_catalogue(csv_file)


@pytest.mark.parametrize("name", ["meta-data.csv", "image-path.mat"])
def test_a_missing_file_is_named_with_the_command_that_fetches_it(folder, name, refuses):
    (folder / "ut-zap50k-data" / name).unlink()

    with refuses(name, "is missing", DOWNLOAD):
        read_catalogue(folder)


def test_no_image_folder(folder, refuses):
    shutil.rmtree(folder / "ut-zap50k-images")

    with refuses("ut-zap50k-images-square or ut-zap50k-images", DOWNLOAD):
        read_catalogue(folder)


def test_no_photo_at_all(folder, refuses):
    shutil.rmtree(folder / "ut-zap50k-images" / "Shoes")

    with refuses("none of the 3 is there", DOWNLOAD):
        read_catalogue(folder)


def test_files_of_different_lengths(folder, mat_file, refuses):
    mat4py.savemat(str(mat_file), {"imagepath": ["a/b/c/1.1.jpg", "a/b/c/2.1.jpg"]})

    with refuses("3 and 2 rows", DOWNLOAD):
        read_catalogue(folder)


@pytest.mark.parametrize(
    ("names", "row"),
    [(("1.1", "3.1", "2.1"), 2), (("1.1", "2.1", "3-1"), 3), (("11", "2", "3"), 1)],
)
def test_a_path_that_is_not_of_its_row(folder, mat_file, names, row, refuses):
    mat4py.savemat(str(mat_file), {"imagepath": [f"a/b/c/{name}.jpg" for name in names]})

    with refuses(f"Row {row} of image-path.mat", f"CID {row}-1", f"c/{names[row - 1]}.jpg"):
        read_catalogue(folder)


def test_a_cid_that_occurs_twice(write_catalogue, tmp_path, refuses):
    write_catalogue(tmp_path, [{"CID": "1-1"}, {"CID": "2-1"}, {"CID": "1-1"}])

    with refuses("meta-data.csv", "1-1 occurs twice"):
        read_catalogue(tmp_path)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\n\n",
        b"\x89PNG\r\n\x1a\n\x00\xff\xfe",
        COLUMNS.decode().encode("utf-16"),
        COLUMNS + b'"1-1,Shoes',
        COLUMNS + b"1-1,a,b,c,d,e,f,g,h\n2-1,a,b,c,d,e,f,g,h,i,j\n",
    ],
    ids=["empty", "blank lines", "a PNG", "UTF-16", "an open quote", "a longer row"],
)
def test_a_file_that_is_no_csv(folder, csv_file, content, refuses):
    csv_file.write_bytes(content)

    with refuses("meta-data.csv", "must be a UTF-8 CSV file"):
        read_catalogue(folder)


def test_the_mat_in_place_of_the_csv(folder, csv_file, mat_file, refuses):
    shutil.copy(mat_file, csv_file)

    with refuses("meta-data.csv", "must"):
        read_catalogue(folder)


@pytest.mark.parametrize("column", ["CID", "Gender", "ToeStyle"])
def test_a_csv_that_lacks_a_column(folder, csv_file, column, refuses):
    csv_file.write_bytes(COLUMNS.replace(column.encode(), b"Other"))

    with refuses("must have the official columns", f"{column} is missing", DOWNLOAD):
        read_catalogue(folder)


def test_a_csv_with_a_header_only(folder, csv_file, refuses):
    csv_file.write_bytes(COLUMNS)

    with refuses("must have a row for each photo, but has none", DOWNLOAD):
        read_catalogue(folder)


@pytest.mark.parametrize(
    "content", [b"", b"just a text\n" * 50, b"MATLAB 5.0 MAT-file".ljust(500), b"\0" * 300]
)
def test_a_file_that_is_no_mat(folder, mat_file, content, refuses):
    mat_file.write_bytes(content)

    with refuses("image-path.mat", "MATLAB 5 .mat file", DOWNLOAD):
        read_catalogue(folder)


@pytest.mark.parametrize("share", [0.01, 0.2, 0.5, 0.6, 0.7, 0.8, 0.9])
def test_a_truncated_mat(folder, mat_file, share, refuses):
    content = mat_file.read_bytes()
    mat_file.write_bytes(content[: int(share * len(content))])

    with refuses("image-path.mat", "MATLAB 5 .mat file", DOWNLOAD):
        read_catalogue(folder)


@pytest.mark.parametrize("content", [{"paths": ["a/1.1.jpg", "a/2.1.jpg"]}, {"imagepath": 3}])
def test_a_mat_without_the_list_of_paths(folder, mat_file, content, refuses):
    mat4py.savemat(str(mat_file), content)

    with refuses("must hold the list `imagepath`", DOWNLOAD):
        read_catalogue(folder)


@pytest.mark.parametrize(
    "path",
    [
        "../../secret/1.1.jpg",
        "Shoes/../../../secret/1.1.jpg",
        "/etc/1.1.jpg",
        "//server/share/1.1.jpg",
        "C:/Windows/1.1.jpg",
        "..\\..\\secret/1.1.jpg",
    ],
)
def test_a_path_that_leaves_the_folder_is_refused(write_catalogue, jpeg, tmp_path, path, refuses):
    (tmp_path / "secret").mkdir()
    (tmp_path / "secret" / "1.1.jpg").write_bytes(jpeg())
    rows = [{"CID": "1-1", "path": path, "photo": None}, {"CID": "2-1"}]

    with refuses("must stay inside ut-zap50k-images"):
        read_catalogue(write_catalogue(tmp_path / "zap", rows))


@pytest.mark.parametrize("level", ["Shoes", "Shoes/Heels", "Shoes/Heels/Acme"])
def test_a_folder_that_is_a_symlink_to_elsewhere_is_refused(folder, tmp_path, level, refuses):
    inside = folder / "ut-zap50k-images" / level
    shutil.move(inside, tmp_path / "elsewhere")
    inside.symlink_to(tmp_path / "elsewhere")

    with refuses("must lie inside ut-zap50k-images", tmp_path / "elsewhere"):
        read_catalogue(folder)


def test_a_photo_that_is_a_symlink_to_elsewhere_is_refused(folder, jpeg, tmp_path, refuses):
    (tmp_path / "private.jpg").write_bytes(jpeg())
    photo = folder / "ut-zap50k-images" / "Shoes/Heels/Acme/1.1.jpg"
    photo.unlink()
    photo.symlink_to(tmp_path / "private.jpg")

    with refuses("must lie inside ut-zap50k-images", "1.1.jpg", tmp_path / "private.jpg"):
        read_catalogue(folder)
