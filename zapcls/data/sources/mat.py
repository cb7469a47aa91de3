"""Reads a list of texts from a MATLAB 5 file, and nothing else that such a file may hold.

A general reader goes as deep and takes as much memory as a file asks for. This one goes through
its bytes once, one level deep, and unpacks no more than MOST_BYTES.
Format: https://www.mathworks.com/help/pdf_doc/matlab/matfile_format.pdf
"""

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

MOST_BYTES = 64_000_000  # unpacked; the official file of 50,025 paths has 7 million
_MATRIX, _COMPRESSED = 14, 15
_CELLS, _TEXT = 1, 4  # classes of a matrix
# What holds the characters of a text -> its encoding. What calls itself UTF-8 is written as
# Latin-1 by some programs.
_ENCODINGS = {1: "latin-1", 2: "latin-1", 4: "utf-16", 16: "utf-8", 17: "utf-16"}
_HEADER_BYTES = 128


@dataclass
class _File:
    order: str  # of the bytes: < or >
    bytes_left: int = MOST_BYTES

    def split(
        self, data: memoryview, is_unpacked: bool = False
    ) -> Iterator[tuple[int, memoryview]]:
        """Split data into its elements: type and content; what is packed comes unpacked."""
        place = 0
        while place < len(data):
            kind, size = struct.unpack_from(f"{self.order}II", data, place)
            begin = place + 8
            if kind >> 16:  # four bytes at most stand in the tag itself
                kind, size, begin = kind & 0xFFFF, kind >> 16, place + 4
            content = data[begin : begin + size]
            if len(content) < size:
                raise ValueError("it is cut short")
            if kind == _COMPRESSED and is_unpacked:
                raise ValueError("it is packed twice")
            if kind == _COMPRESSED:
                yield from self.split(self._unpack(content), is_unpacked=True)
                place = begin + size
            else:
                yield kind, content
                place = max(place + 8, begin + size + -size % 8)

    def _unpack(self, content: memoryview) -> memoryview:
        packed = zlib.decompressobj()
        unpacked = packed.decompress(content, self.bytes_left + 1)  # 0 is no limit to it
        if not packed.eof or len(unpacked) > self.bytes_left:
            raise ValueError(f"it unpacks to more than {MOST_BYTES:,} bytes, or is cut short")
        self.bytes_left -= len(unpacked)
        return memoryview(unpacked)

    def open_matrix(self, content: memoryview) -> "_Matrix":
        """Read the head of a matrix."""
        elements = self.split(content)
        (_, flags), (_, shape), (_, name) = next(elements), next(elements), next(elements)
        kind = struct.unpack_from(f"{self.order}I", flags)[0] & 0xFF
        rows = struct.unpack_from(f"{self.order}i", shape)[0]
        return _Matrix(kind, rows, str(name, "ascii"), elements)

    def read_text(self, kind: int, content: memoryview, depth: int = 0) -> str:
        """Read a text, which may be the one cell of a cell array."""
        if kind != _MATRIX:
            raise ValueError("a cell holds no matrix")
        matrix = self.open_matrix(content)
        if matrix.kind == _CELLS and depth == 0:
            return self.read_text(*next(matrix.elements), depth=1)
        if matrix.kind != _TEXT:
            raise ValueError("a cell holds something else than a text")
        return self.read_letters(matrix)

    def read_letters(self, matrix: "_Matrix") -> str:
        """Read the letters of a matrix of text, column by column."""
        kind, letters = next(matrix.elements)
        return _decode(bytes(letters), _ENCODINGS[kind], self.order)


@dataclass
class _Matrix:
    kind: int
    rows: int
    name: str
    elements: Iterator[tuple[int, memoryview]]


def read_texts(content: bytes, name: str) -> list[str] | None:
    """Read the texts of the array `name`, row by row; None where the file has none.

    Texts of one length may be a matrix of letters, others are an array of cells.

    Raises:
        ValueError, KeyError, StopIteration, struct.error, zlib.error: it is no such file, or cut.
    """
    order = {b"IM": "<", b"MI": ">"}[content[126:_HEADER_BYTES]]
    file = _File(order)
    for kind, content_of in file.split(memoryview(content)[_HEADER_BYTES:]):
        matrix = file.open_matrix(content_of) if kind == _MATRIX else None
        if matrix and matrix.name == name and matrix.kind == _CELLS:
            return [file.read_text(*element) for element in matrix.elements]
        if matrix and matrix.name == name and matrix.kind == _TEXT:
            letters = file.read_letters(matrix)
            return [letters[row :: matrix.rows] for row in range(min(matrix.rows, len(letters)))]
    return None


def _decode(letters: bytes, encoding: str, order: str) -> str:
    if encoding == "utf-16":
        return letters.decode("utf-16-le" if order == "<" else "utf-16-be")
    try:
        return letters.decode(encoding)
    except UnicodeDecodeError:
        return letters.decode("latin-1")
