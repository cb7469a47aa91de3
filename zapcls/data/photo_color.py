"""The color of the shoe on one photo, for a person who asks about a file."""

from pathlib import Path
from typing import Any

from zapcls.data.color import describe_colors
from zapcls.data.photo import decode_image
from zapcls.data.pixels import MAX_SIDE, MIN_SIDE, square


def describe_photo(file: Path) -> dict[str, Any]:
    """Name the color of the shoe on a photo: a row of `color.describe_colors`, with lab.

    `share` and the mean [L*, a*, b*] of `color` in `lab` are rounded. Where no object stands out of
    the ground the names are "", and share and lab None.

    Raises:
        BadInput: it is no picture.
    """
    photo = decode_image(file, side=MAX_SIDE)
    side = min(max(max(photo.size), MIN_SIDE), MAX_SIDE)
    row = describe_colors(square(photo, side)[None]).iloc[0]
    lab = [round(float(row[f"lab_{axis}"]), 2) for axis in "lab"]
    return {
        **row,
        "share": round(float(row["share"]), 4) if row["color"] else None,
        "lab": lab if row["color"] else None,
    }
