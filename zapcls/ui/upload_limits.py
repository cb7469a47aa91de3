"""How much a stranger may upload: so many files a minute, and each no larger than the settings say.

Photos stay in memory: a form is not written to the disk, whatever its size.
"""

import time
from collections import OrderedDict

from starlette.formparsers import MultiPartParser
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

PER_MINUTE = 30  # of one address
_KEPT = 10_000  # addresses that are remembered
_UPLOADS = ("/_stcore/upload_file", "/api/")
TOO_MANY = (
    f"At most {PER_MINUTE} uploads per minute are accepted here. Wait a minute, then try again."
)


def keep_uploads_in_memory() -> None:
    """Have forms of any size read in memory; Starlette writes those over 1 MB to the disk."""
    MultiPartParser.spool_max_size = 2**31


class UploadLimit:
    """An ASGI middleware that refuses an address's uploads beyond PER_MINUTE with 429.

    An address may take up its minute at once; it gets PER_MINUTE / 60 a second back.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()  # uploads, at what time

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        is_upload = scope["type"] == "http" and scope["method"] in ("PUT", "POST")
        if is_upload and any(part in scope["path"] for part in _UPLOADS):
            address = (scope.get("client") or ("",))[0]
            if not self._take(address, time.monotonic()):
                await PlainTextResponse(TOO_MANY, status_code=429)(scope, receive, send)
                return
        await self.app(scope, receive, send)

    def _take(self, address: str, now: float) -> bool:
        left, since = self._left.pop(address, (float(PER_MINUTE), now))
        left = min(float(PER_MINUTE), left + (now - since) * PER_MINUTE / 60)
        is_taken = left >= 1
        self._left[address] = (left - is_taken, now)
        while len(self._left) > _KEPT:
            self._left.popitem(last=False)
        return is_taken
