"""Small catalogues and tables, made by hand, that the tests of several floors share."""

import csv
import io
import re

import mat4py
import pandas as pd
import pytest
from PIL import Image

from zapcls import schema
from zapcls.errors import BadInput

HEADER = ("CID", *schema.METADATA)


def build_jpeg(size=(16, 12), color="black"):
    """Return the bytes of a JPEG of one color."""
    buffer = io.BytesIO()
    Image.new("RGB", size, color).save(buffer, "JPEG")
    return buffer.getvalue()


JPEG = build_jpeg()


def list_path(row):
    """Return what image-path.mat says of a row."""
    if "path" in row:
        return row["path"]
    return f"Shoes/Heels/{row.get('brand', 'Acme')}/{row['CID'].replace('-', '.')}.jpg"


@pytest.fixture(scope="session")
def write_catalogue():
    """Return a function that writes a catalogue in the official format and returns its folder.

    A row is a dict: `CID`, any metadata column (Gender is Women unless given), `brand`, `path`
    (as listed), `disk` (the brand folder's name on disk), `photo` (bytes; None: no file).
    """

    def write(folder, rows, image_folder="ut-zap50k-images"):
        data = folder / "ut-zap50k-data"
        data.mkdir(parents=True, exist_ok=True)
        with (data / "meta-data.csv").open("w", encoding="utf-8", newline="") as stream:
            writer = csv.DictWriter(stream, HEADER, restval="", extrasaction="ignore")
            writer.writeheader()
            defaults = {"Category": "Shoes", "SubCategory": "Heels", "Gender": "Women"}
            writer.writerows(defaults | row for row in rows)
        mat4py.savemat(str(data / "image-path.mat"), {"imagepath": [list_path(r) for r in rows]})
        (folder / image_folder).mkdir(exist_ok=True)
        for row in rows:
            photo = row.get("photo", JPEG)
            if photo is not None:
                _, _, name = list_path(row).rpartition("/")
                brand = row.get("disk", row.get("brand", "Acme"))
                file = folder / image_folder / "Shoes" / "Heels" / brand / name
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_bytes(photo)
        return folder

    return write


@pytest.fixture(scope="session")
def jpeg():
    """Return a function that makes the bytes of a JPEG: `jpeg(size=(16, 12), color="black")`."""
    return build_jpeg


@pytest.fixture(scope="session")
def build_table():
    """Return a function that builds predictions as `read_predictions` joins them.

    A row is a dict with the columns that matter to the test. The image ids are `i0`, `i1`, ...,
    each image is a product of its own, labelled and called Women with 0.8, black, in valid.
    """

    def build(rows):
        table = []
        for number, row in enumerate(rows):
            row = {"label": "Women", "prediction": "Women", "prob": 0.8} | row
            right = row["label"] == row["prediction"]
            defaults = {
                "image_id": f"i{number}",
                "product_id": f"p{number}",
                "target": "gender",
                "split": "valid",
                "source": "run",
                "fold": -1,
                "prob_label": row["prob"] if right else 1 - row["prob"],
                "loss": 1.0,
                "correct": right,
                "color": "black",
                "category": "Shoes",
                "sub_category": "Heels",
                "brand": "Acme",
                "image_path": f"Shoes/Heels/Acme/{number}.jpg",
            }
            table.append(defaults | row)
        frame = pd.DataFrame(table)
        known = schema.conform(frame, schema.PREDICTIONS, "predictions")
        return known.join(frame.drop(columns=list(schema.PREDICTIONS)))

    return build


@pytest.fixture(scope="session")
def refuses():
    """Return a context in which a BadInput must be raised whose sentence holds all the words."""

    def context(*words):
        pattern = "".join(f"(?=.*{re.escape(str(word))})" for word in words)
        return pytest.raises(BadInput, match=f"(?s)^{pattern}")

    return context
