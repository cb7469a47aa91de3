"""Photos of a request: read as they come, up to a limit, and asked one request at a time."""

from collections.abc import AsyncGenerator, Callable
from typing import Any, TypeVar

from anyio import CapacityLimiter, to_thread
from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import Request

from zapcls.api import OpenRun
from zapcls.errors import BadInput, RunBusy
from zapcls.service.answers import TooLarge, describe
from zapcls.workspace import permissions

MOST_PHOTOS = 20  # of a request
MOST_BYTES = {"local": 60_000_000, "demo": 10_000_000}  # of a request, by mode
MOST_REQUESTS = 8  # that are read or wait in line; their photos are in memory
Photo = tuple[str, bytes]  # name and content
T = TypeVar("T")


class Desk:
    """Where photos are asked about: one request at a time, some others wait in line."""

    def __init__(self) -> None:
        self._limiter = CapacityLimiter(1)
        self._requests = 0

    async def ask(
        self, request: Request, tell: Callable[[list[Photo]], T], most: int = MOST_PHOTOS
    ) -> T:
        """Return what `tell` says of the photos of a request, `most` at most, once it is its turn.

        Raises:
            RunBusy: too many requests are here already.
            BadInput, TooLarge: see `read_photos`.
        """
        if self._requests >= MOST_REQUESTS:
            raise RunBusy(f"{MOST_REQUESTS} requests are waiting. Ask again in a few seconds.")
        self._requests += 1
        try:
            photos = await read_photos(request, most)
            return await to_thread.run_sync(tell, photos, limiter=self._limiter)
        finally:
            self._requests -= 1


def classify_all(opened: OpenRun, prior: str, photos: list[Photo]) -> list[dict[str, Any]]:
    """Return an answer, or why there is none, for each photo, in order.

    `prior` is one of PRIORS.
    """
    answers: list[dict[str, Any]] = []
    for name, content in photos:
        try:
            found = opened.classify(content, prior)
            said = {fact: getattr(found, fact) for fact in ("label", "prob", "sure", "familiar")}
            answers.append({"file": name, **said})
        except BadInput as error:
            answers.append({"file": name, "error": describe(error)})
    return answers


async def read_photos(request: Request, most: int = MOST_PHOTOS) -> list[Photo]:
    """Read the files of a form, `most` at most: name and content.

    Raises:
        BadInput: it is no form, or has no file.
        TooLarge: there are more files than that, or more than MOST_BYTES.
    """
    if not request.headers.get("content-type", "").startswith("multipart/form-data"):
        raise BadInput("Photos must come as the files of a form (multipart/form-data).")
    parser = MultiPartParser(request.headers, _limit(request), max_files=most)
    try:
        form = await parser.parse()
    except MultiPartException as error:
        if "Too many files" in error.message:
            raise TooLarge(f"A request here has {most} photos at most. Send fewer.") from error
        raise BadInput(f"The form cannot be read ({error.message}). Send it again.") from error
    try:
        files = [part for _, part in form.multi_items() if isinstance(part, UploadFile)]
        if not files:
            raise BadInput("A request must have a photo, got none. Send a file of a form.")
        return [(file.filename or "photo", await file.read()) for file in files]
    finally:
        await form.close()


async def _limit(request: Request) -> AsyncGenerator[bytes, None]:
    seen, most = 0, MOST_BYTES[permissions.read_mode()]
    async for chunk in request.stream():
        seen += len(chunk)
        if seen > most:
            raise TooLarge(
                f"A request has {most / 1e6:.0f} MB at most, got more. Send fewer photos."
            )
        yield chunk
