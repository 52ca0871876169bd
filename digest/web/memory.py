"""Public answers, made once until the next collection, and given as bytes. Refuses to keep what is anybody's own."""

from __future__ import annotations

import gzip
from collections import OrderedDict
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from email.utils import format_datetime, parsedate_to_datetime
from hashlib import blake2b
from time import monotonic

from anyio import CapacityLimiter, to_thread
from sqlalchemy.exc import DBAPIError
from starlette.types import ASGIApp, Receive, Scope, Send

MOST_BYTES = 64_000_000  # some two thousand days with all their abstracts
LOOK_AGAIN_SECONDS = 5.0  # how long a new collection may go unseen
PACKED_FROM = 512  # bytes: less is not worth packing

Version = tuple[int, datetime, date]  # the last collection, when it was, and today


class Made:
    """One finished answer: its bytes plain and packed, with their headers as they go over the wire."""

    def __init__(self, body: bytes, headers: Mapping[str, str], changed_at: datetime | None = None) -> None:
        tag = blake2b(body, digest_size=12).hexdigest()
        is_text = not headers.get("Content-Type", "").startswith("image/png")
        packed = gzip.compress(body, 9, mtime=0) if is_text and len(body) >= PACKED_FROM else b""
        self.body, self.packed, self.tag = body, packed, tag
        self.changed_at = changed_at and changed_at.replace(microsecond=0)
        shared = {**headers, "Vary": "Accept-Encoding"}
        if self.changed_at:
            shared["Last-Modified"] = format_datetime(self.changed_at, usegmt=True)
        self._plain = _raw(shared, body, f'"{tag}"')
        self._packed = _raw({**shared, "Content-Encoding": "gzip"}, packed, f'"{tag}-gz"')
        self._same = {name: _raw(shared, None, name) for name in (f'"{tag}"', f'"{tag}-gz"')}

    @property
    def size(self) -> int:
        return len(self.body) + len(self.packed)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        asked = {name: value for name, value in scope["headers"] if name in _HEEDED}
        gzipped = bool(self.packed) and b"gzip" in asked.get(b"accept-encoding", b"")
        if self._is_known(asked):
            headers = self._same[f'"{self.tag}-gz"' if gzipped else f'"{self.tag}"']
            await send({"type": "http.response.start", "status": 304, "headers": headers})
            await send({"type": "http.response.body", "body": b""})
            return
        body, headers = (self.packed, self._packed) if gzipped else (self.body, self._plain)
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})

    def _is_known(self, asked: Mapping[bytes, bytes]) -> bool:
        """Tell whether the visitor has this already (RFC 9110, section 13.2.2: a tag goes before a date)."""
        if tags := asked.get(b"if-none-match"):
            return tags.strip() == b"*" or self.tag.encode() in tags
        since = asked.get(b"if-modified-since")
        return bool(since and self.changed_at and self.changed_at <= _moment(since))


_HEEDED = {b"accept-encoding", b"if-none-match", b"if-modified-since"}


def _raw(headers: Mapping[str, str], body: bytes | None, tag: str) -> list[tuple[bytes, bytes]]:
    own = {"ETag": tag} if body is None else {"ETag": tag, "Content-Length": str(len(body))}
    return [(name.lower().encode(), value.encode("latin-1")) for name, value in {**headers, **own}.items()]


def _moment(written: bytes) -> datetime:
    try:
        moment = parsedate_to_datetime(written.decode("latin-1"))
    except ValueError:
        return datetime.min.replace(tzinfo=UTC)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


class Memory:
    """The answers made since the last collection, the least used given up first, and files that never change."""

    def __init__(self, look: Callable[[], Version]) -> None:
        self._look = look
        self._made: OrderedDict[str, Made] = OrderedDict()
        self._bytes = 0
        self._looking = False
        self._looked_at = float("-inf")
        self.version: Version | None = None
        self.files: dict[str, Made] = {}
        # The look has a place of its own: behind other work, whoever asked would wait for that.
        self._lookers = CapacityLimiter(1)

    def find(self, key: str) -> Made | None:
        if made := self._made.get(key):
            self._made.move_to_end(key)
        return made

    def keep(self, key: str, made: Made, version: Version | None) -> None:
        """Keep an answer, unless it was made before the last collection, or of we know not what."""
        if version is None or version != self.version or key in self._made:
            return
        self._made[key] = made
        self._bytes += made.size
        while self._bytes > MOST_BYTES:
            self._bytes -= self._made.popitem(last=False)[1].size

    async def refresh(self) -> None:
        """Look whether there was a collection since, every few seconds; meanwhile others get what there was."""
        if self._looking or monotonic() - self._looked_at < LOOK_AGAIN_SECONDS:
            return
        self._looking = True
        try:
            version = await to_thread.run_sync(self._look, limiter=self._lookers)
        except (DBAPIError, OSError):
            return  # What was made is as good as it was; whoever needs more finds out by themselves.
        finally:
            self._looking, self._looked_at = False, monotonic()
        if version != self.version:
            self.version, self._bytes = version, 0
            self._made.clear()


class FromMemory:
    """Answers what is known by heart, before anything else is asked."""

    def __init__(self, app: ASGIApp, memory: Memory) -> None:
        self.app, self.memory = app, memory

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] in ("GET", "HEAD"):
            path = own_path(scope)
            if made := self.memory.files.get(path):
                await made(scope, receive, send)
                return
            key = key_of(path, scope["query_string"].decode("latin-1"))
            # Who asks for what is never kept, such as whether we are alive, does not wait for the look.
            if self.memory.find(key):
                await self.memory.refresh()
            if made := self.memory.find(key):
                await made(scope, receive, send)
                return
        await self.app(scope, receive, send)


def own_path(scope: Scope) -> str:
    """The path below the one that the service lives under."""
    path: str = scope["path"]
    root: str = scope.get("root_path", "")
    return path.removeprefix(root) if root and path.startswith(root + "/") else path


def key_of(path: str, query: str) -> str:
    return f"{path}?{query}" if query else path
