"""Static files under addresses that hold the hash of their content, so that they may be cached for ever."""

from __future__ import annotations

import hashlib
import mimetypes
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from starlette.responses import PlainTextResponse, Response

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

STATIC_DIRECTORY = Path(__file__).parent / "static"
_HASH_LENGTH = 12
"""Hex digits in an address; two versions of one file never meet by accident."""

_FOR_EVER = "public, max-age=31536000, immutable"
_ASK_AGAIN = "no-cache"
_SERVED = frozenset({".css", ".js", ".svg", ".txt"})


@dataclass(frozen=True, slots=True)
class _Asset:
    content: bytes
    digest: str
    media_type: str


class StaticAssets:
    """Serves the design system's files from memory: an ASGI application to be mounted at `/static`.

    An address with the present hash may be kept for a year; one with another hash (a page from
    before an update) or with none gets the present file with an order to ask again.
    """

    def __init__(self, directory: Path = STATIC_DIRECTORY, *, prefix: str = "/static") -> None:
        self._prefix = prefix
        self._assets = {
            path.relative_to(directory).as_posix(): _load(path)
            for path in sorted(directory.rglob("*"))
            if path.suffix in _SERVED
        }

    def url(self, name: str) -> str:
        """Return the address of a file, such as "/static/1f2e3d4c5b6a/earshot.css".

        Raises:
            KeyError: there is no such file.
        """
        return f"{self._prefix}/{self._assets[name].digest}/{name}"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = str(scope["path"]).removeprefix(str(scope.get("root_path", ""))).lstrip("/")
        response = self._response(str(scope.get("method", "GET")), path)
        await response(scope, receive, send)

    def _response(self, method: str, path: str) -> Response:
        if method not in {"GET", "HEAD"}:
            return PlainTextResponse("Static files can only be read.", 405, headers={"Allow": "GET, HEAD"})
        digest, _, rest = path.partition("/")
        asset = self._assets.get(rest) or self._assets.get(path)
        if asset is None:
            return PlainTextResponse("There is no such file.", 404)
        fresh = digest == asset.digest
        return Response(
            asset.content,
            media_type=asset.media_type,
            headers={
                "Cache-Control": _FOR_EVER if fresh else _ASK_AGAIN,
                "ETag": f'"{asset.digest}"',
                "X-Content-Type-Options": "nosniff",
            },
        )


def _load(path: Path) -> _Asset:
    content = path.read_bytes()
    return _Asset(
        content=content,
        digest=hashlib.sha256(content).hexdigest()[:_HASH_LENGTH],
        media_type=mimetypes.guess_type(path.name)[0] or "text/plain",
    )
