"""How the service answers: JSON, errors of a named type, and nothing to pages of other origins."""

import json
from collections.abc import Awaitable, Callable
from typing import Any

import pandas as pd
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from zapcls.errors import BadInput, Damaged, Forbidden, RunBusy, ZapError, explain_system_error
from zapcls.workspace import places

Handler = Callable[[Request], Awaitable[Any]]


class NotFound(ZapError):
    """There is nothing of this name."""


class TooLarge(ZapError):
    """The request has more bytes or photos than are taken."""


class ForeignOrigin(ZapError):
    """A page of another site asks through somebody's browser."""


# Error -> its type and HTTP status; the first that fits.
TYPES: dict[type[ZapError], tuple[str, int]] = {
    NotFound: ("not_found", 404),
    TooLarge: ("too_large", 413),
    ForeignOrigin: ("foreign_origin", 403),
    Forbidden: ("forbidden", 403),
    BadInput: ("bad_input", 400),
    RunBusy: ("busy", 503),
    Damaged: ("damaged", 500),
    ZapError: ("failed", 500),
}


def answer(handler: Handler) -> Callable[[Request], Awaitable[Response]]:
    """Make a route's function of one that returns what is to be JSON, or raises a `ZapError`."""

    async def respond(request: Request) -> Response:
        try:
            _check_origin(request)
            return JSONResponse(await handler(request))
        except ZapError as error:
            return _refuse(error)
        except OSError as error:
            explained = explain_system_error(error)
            if explained is None:
                raise
            return _refuse(explained)

    return respond


def describe(error: ZapError) -> dict[str, str]:
    """Describe an error as JSON has it: `type` and `message`."""
    [(name, _), *_] = [TYPES[kind] for kind in TYPES if isinstance(error, kind)]
    return {"type": name, "message": places.conceal(str(error))}


def list_rows(table: pd.DataFrame) -> list[dict[str, Any]]:
    """List the rows of a table as JSON has them; what is not a number is null."""
    return json.loads(table.to_json(orient="records"))


def _refuse(error: ZapError) -> Response:
    [(_, status), *_] = [TYPES[kind] for kind in TYPES if isinstance(error, kind)]
    headers = {"Retry-After": "5"} if status == 503 else None
    return JSONResponse({"error": describe(error)}, status, headers)


def _check_origin(request: Request) -> None:
    """Refuse what a page of another site sends: a browser names it, other programs name none."""
    origin = request.headers.get("origin")
    own = request.headers.get("host", "").lower()
    if origin is not None and origin.partition("://")[2].lower() != own:
        raise ForeignOrigin(
            f"The service answers pages of its own address alone, got the origin {origin[:200]}. "
            "Ask it from a program, or from the app's own pages."
        )
