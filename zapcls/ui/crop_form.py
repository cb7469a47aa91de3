"""The frame of an upload: the object's own, or what a person moves it to."""

import hashlib

import numpy as np
import streamlit as st
from PIL import Image, ImageDraw

from zapcls.data.framing import LEAST, Closeness, Frame, find_frame
from zapcls.ui import uploads

STEP = 5  # percent
_DIM, _EDGE = 0.45, (0, 114, 178)


def pick_frame(content: bytes, name: str, known: Closeness | None, place: int) -> Frame | None:
    """Ask which part of an upload is looked at; None until a person moves it.

    `known` is how large the objects of the training photos are.

    Raises:
        BadInput: it is not a picture, broken or too large.
    """
    with st.popover("Crop", icon=":material/crop:"):
        preview = uploads.read_preview(content, name)
        found = _round(find_frame(preview, known))
        # Another photo at this place, or another run, begins with the frame that is found in it.
        photo = f"{place}-{hashlib.blake2b(content, digest_size=8).hexdigest()}-{found}"
        across = _pick_edges("Left and right edge", (found[0], found[2]), f"across-{photo}")
        down = _pick_edges("Top and bottom edge", (found[1], found[3]), f"down-{photo}")
        frame = across[0], down[0], across[1], down[1]
        st.image(_draw(preview, frame), alt=f"{name} with the part that is looked at")
        st.caption("The part that is not dimmed is what the model is given.")
    return None if frame == found else frame


def _pick_edges(title: str, found: tuple[float, float], key: str) -> tuple[float, float]:
    low, high = st.slider(
        title, 0, 100, (round(100 * found[0]), round(100 * found[1])), STEP, "%d %%", key=key
    )
    if high - low < 100 * LEAST:  # a hair is no photo
        low = min(low, 100 - round(100 * LEAST))
        high = low + round(100 * LEAST)
    return low / 100, high / 100


def _round(frame: Frame) -> Frame:
    """Widen a frame to whole steps."""
    steps = 100 / STEP
    left, top, right, bottom = frame
    return (
        np.floor(left * steps) / steps, np.floor(top * steps) / steps,
        np.ceil(right * steps) / steps, np.ceil(bottom * steps) / steps,
    )  # fmt: skip


def _draw(image: Image.Image, frame: Frame) -> Image.Image:
    """Dim what lies outside of the frame, and outline it."""
    width, height = image.size
    left, right = (round(frame[place] * width) for place in (0, 2))
    top, bottom = (round(frame[place] * height) for place in (1, 3))
    dim = Image.blend(image, Image.new("RGB", image.size, (128, 128, 128)), _DIM)
    dim.paste(image.crop((left, top, right, bottom)), (left, top))
    ImageDraw.Draw(dim).rectangle((left, top, right - 1, bottom - 1), outline=_EDGE, width=2)
    return dim
