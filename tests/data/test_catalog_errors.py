import os
import shutil
import struct
import tracemalloc
import zlib

import mat4py
import pytest

from zapcls.data.sources import read_catalogue
from zapcls.data.sources.mat import MOST_BYTES

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


def test_a_folder_that_is_not_there_and_a_file_that_is_no_table_of_photos(
    tmp_path, csv_file, mat_file, refuses
):
    with refuses("data folder or file must exist", tmp_path / "nowhere", DOWNLOAD):
        read_catalogue(tmp_path / "nowhere")
    with refuses("a column with the paths of its photos", "CID, Category"):
        read_catalogue(csv_file)
    with refuses("must be a folder with a folder of photos", mat_file, "none of them"):
        read_catalogue(mat_file)


@pytest.mark.parametrize(
    ("gone", "words"),
    [
        ("ut-zap50k-data/meta-data.csv", "meta-data.csv must be in"),
        ("ut-zap50k-data/image-path.mat", "image-path.mat must be in"),
        ("ut-zap50k-images", "ut-zap50k-images-square or ut-zap50k-images"),
        ("ut-zap50k-images/Shoes", "none of the 3 is there"),
    ],
)
def test_what_is_missing_is_named_with_the_command_that_fetches_it(folder, gone, words, refuses):
    (folder / gone).rename(folder / "elsewhere")

    with refuses(words, DOWNLOAD):
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


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", ["must be a UTF-8 CSV file"]),
        (b"\n\n", ["must be a UTF-8 CSV file"]),
        (b"\x89PNG\r\n\x1a\n\x00\xff\xfe", ["must be a UTF-8 CSV file"]),
        (COLUMNS.decode().encode("utf-16"), ["must be a UTF-8 CSV file"]),
        (COLUMNS + b'"1-1,Shoes', ["must be a UTF-8 CSV file"]),
        (COLUMNS + b"1,a,b,c,d,e,f,g,h\n2,a,b,c,d,e,f,g,h,i,j\n", ["must be a UTF-8 CSV file"]),
        (b"MATLAB 5.0", ["must have the official columns", "CID is missing", DOWNLOAD]),
        (COLUMNS.replace(b"Gender", b"Other"), ["Gender is missing", DOWNLOAD]),
        (COLUMNS, ["must have a row for each photo, but has none", DOWNLOAD]),
        (COLUMNS + b"1-1,a,b,c,d,e,f,g,h\n" * 2, ["1-1 occurs twice", "second row"]),
    ],
)
def test_a_file_that_is_no_such_csv(folder, csv_file, content, words, refuses):
    csv_file.write_bytes(content)

    with refuses("meta-data.csv", *words):
        read_catalogue(folder)


def test_a_file_that_is_no_mat_or_is_cut(folder, mat_file, refuses):
    whole = mat_file.read_bytes()
    cuts = [whole[: int(share * len(whole))] for share in (0, 0.01, 0.2, 0.5, 0.6, 0.7, 0.8, 0.9)]
    others = [b"just a text\n" * 50, b"MATLAB 5.0 MAT-file".ljust(500), b"\0" * 300]

    for content in (*cuts, *others):
        mat_file.write_bytes(content)
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


@pytest.mark.parametrize(
    "level", ["Shoes", "Shoes/Heels", "Shoes/Heels/Acme", "Shoes/Heels/Acme/1.1.jpg"]
)
def test_a_symlink_to_elsewhere_is_refused(folder, tmp_path, level, refuses):
    inside = folder / "ut-zap50k-images" / level
    shutil.move(inside, tmp_path / "elsewhere")
    inside.symlink_to(tmp_path / "elsewhere")

    with refuses("must lie inside ut-zap50k-images", tmp_path / "elsewhere"):
        read_catalogue(folder)


MAT_HEADER = b"MATLAB 5.0 MAT-file".ljust(124) + b"\x00\x01IM"


def build_element(kind, content):
    return struct.pack("<II", kind, len(content)) + content + bytes(-len(content) % 8)


def build_matrix(matrix_class, name, content, dims=(1, 1)):
    flags = build_element(6, struct.pack("<II", matrix_class, 0))
    shape = build_element(5, struct.pack("<ii", *dims))
    return build_element(14, flags + shape + build_element(1, name) + content)


def nest(times):
    inner = build_matrix(4, b"", build_element(16, b"a"))
    for _ in range(times):
        inner = build_matrix(1, b"", inner)
    return build_matrix(1, b"imagepath", inner)


def pack(content):
    packed = zlib.compress(content, 9)
    return struct.pack("<II", 15, len(packed)) + packed


BOMBS = {
    "nested": lambda: nest(2_000),
    "packed twice": lambda: pack(pack(nest(1))),
    "unpacks to much": lambda: pack(bytes(MOST_BYTES + 8)),
    "names many rows": lambda: build_matrix(1, b"imagepath", b"", (2**31 - 1, 1)),
    "too large": lambda: bytes(MOST_BYTES),
}


@pytest.mark.parametrize("bomb", BOMBS)
def test_a_mat_that_asks_for_too_much_is_a_sentence(folder, mat_file, refuses, bomb):
    mat_file.write_bytes(MAT_HEADER + BOMBS[bomb]())

    tracemalloc.start()
    try:
        with refuses("image-path.mat"):
            read_catalogue(folder)
        assert tracemalloc.get_traced_memory()[1] < 3 * MOST_BYTES
    finally:
        tracemalloc.stop()


def test_a_photo_that_is_a_pipe_is_missing(folder):
    """Who reads a pipe that nobody writes to waits for ever."""
    photo = folder / "ut-zap50k-images/Shoes/Heels/Acme/1.1.jpg"
    photo.unlink()
    os.mkfifo(photo)

    assert read_catalogue(folder).table["image_problem"].tolist() == ["image missing", "", ""]
