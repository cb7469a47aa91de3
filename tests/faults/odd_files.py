"""Files as nobody means to give them: real ones with seeded edits, and generated tables."""

import io
import zipfile

import numpy as np
from hypothesis import strategies as st
from PIL import Image

FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "TIFF", "BMP", "AVIF")
MODES = {"JPEG": ("RGB", "L", "CMYK"), "TIFF": ("RGB", "L", "I;16", "F", "CMYK", "LAB"),
         "PNG": ("RGB", "RGBA", "P", "L", "LA", "1", "I;16")}  # fmt: skip
_WORDS = ("", " ", "Women", "Men", "a.jpg", "b.png", "../a.jpg", "/etc/passwd", "valid", "train",
          "test", "0.5", "1", "-1", "nan", "inf", "1e400", "=1+1", "\0", '"', ",", ";", "\t", "é",
          "\ufeff", "2026-01-31T16:05:00+00:00", "9999-12-31T23:59:59+14:00", "yes", "no",
          "label wrong", "model wrong", "x" * 5000)  # fmt: skip

cells = st.one_of(st.sampled_from(_WORDS), st.text(max_size=12))
edits = st.lists(
    st.tuples(
        st.sampled_from(("flip", "cut", "drop", "double", "fill", "insert")),
        st.floats(0, 1), st.integers(0, 255), st.integers(1, 4000),
    ),
    min_size=1, max_size=6,
)  # fmt: skip


def edit(content: bytes, given: list[tuple[str, float, int, int]]) -> bytes:
    """Change some bytes: each edit is what is done, where (0..1), a byte and a length."""
    for kind, share, byte, length in given:
        place = int(share * len(content))
        head, part, tail = (
            content[:place],
            content[place : place + length],
            content[place + length :],
        )
        content = {
            "flip": head + bytes([byte]) + content[place + 1 :],
            "cut": head,
            "drop": head + tail,
            "double": head + part + part + tail,
            "fill": head + bytes([byte]) * len(part) + tail,
            "insert": head + bytes([byte]) * length + content[place:],
        }[kind]
    return content


def encode_photo(photo: Image.Image, kind: str, mode: str) -> bytes:
    """Encode a photo; a mode that cannot be converted to directly is taken of its lightness."""
    if mode in ("I;16", "F"):
        lightness = np.asarray(photo.convert("L"))
        image = Image.fromarray(
            lightness.astype(np.uint16) * 257 if mode == "I;16" else lightness / np.float32(255)
        )
    elif mode == "LAB":
        from PIL import ImageCms

        profiles = ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB")
        image = ImageCms.profileToProfile(photo.convert("RGB"), *profiles, outputMode="LAB")
    else:
        image = photo.convert("RGB").convert(mode)
    buffer = io.BytesIO()
    image.save(buffer, kind)
    return buffer.getvalue()


@st.composite
def tables(draw, whole):
    """A table of text: some rows (dicts of columns) with odd cells, columns and ways of writing."""
    names, rows = list(whole[0]), [list(row.values()) for row in whole]
    for _ in range(draw(st.integers(0, 3))):
        row = draw(st.sampled_from(rows))
        row[draw(st.integers(0, len(row) - 1))] = draw(cells)
    change = draw(st.sampled_from(("none", "none", "column", "name", "row", "short", "empty")))
    if change == "column":
        names.append(draw(st.one_of(st.sampled_from(names), cells)))
        rows = [[*row, draw(cells)] for row in rows]
    elif change == "name":
        names[draw(st.integers(0, len(names) - 1))] = draw(cells)
    elif change == "row":
        rows.append(draw(st.one_of(st.sampled_from(rows), st.lists(cells, max_size=12))))
    elif change == "short":
        rows[-1] = rows[-1][:-1]
    elif change == "empty":
        rows = []
    return _write_text(draw, [names, *rows])


def _write_text(draw, rows):
    sign, is_quoted = draw(st.sampled_from(",,,;\t|")), draw(st.booleans())
    lines = [sign.join(_write(cell, is_quoted) for cell in row) for row in rows]
    text = draw(st.sampled_from(("\n", "\r\n", "\r"))).join(lines)
    encoding = draw(st.sampled_from(("utf-8", "utf-8", "utf-8-sig", "utf-16", "latin-1")))
    return text.encode(encoding, "replace")


def _write(cell, is_quoted):
    return '"' + cell.replace('"', '""') + '"' if is_quoted else cell


@st.composite
def zips(draw, photos):
    """A zip of some photos, edited ones, a nested zip and odd names."""
    names = st.one_of(
        st.sampled_from(("a.jpg", "../a.jpg", "/a.jpg", "c:\\a.jpg", "a/../../b.png", ".a.jpg",
                         "a\\b.jpg", "a.zip", "a" * 300 + ".jpg", "=1+1.jpg", "a\nb.jpg")),
        st.text(st.characters(exclude_categories=("Cs",)), min_size=1, max_size=20),
    )  # fmt: skip
    contents = st.one_of(
        st.sampled_from(photos), st.binary(max_size=200), st.just(bytes(2_000_000))
    )
    methods = st.sampled_from((zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_LZMA))
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name in draw(st.lists(names, max_size=5, unique=True)):
            archive.writestr(name, draw(contents), draw(methods))
    whole = buffer.getvalue()
    return edit(whole, draw(edits)) if draw(st.booleans()) else whole
