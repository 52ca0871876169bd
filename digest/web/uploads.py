"""A form with one file, read within bounds. Only `/start` takes one; every other form refuses files unread.

The file is text or nothing: we hold it in memory, cut it like what is pasted, store it nowhere, and never unpack it. A
proxy before us may put it into a temporary file while it arrives (nginx does).
"""

from __future__ import annotations

import asyncio
import codecs
import functools
import re
from collections.abc import Iterator

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from digest.readers.form import NOTHING, Typed
from digest.text.pasted import MOST_TEXT
from digest.web import forms
from digest.web.container import Site
from digest.web.forms import Acting, Endpoint
from digest.web.security import comes_from_elsewhere

# What a program exports is longer than what people type.
MOST_EXPORT_BYTES = 600_000
# Whoever sends more is heard out so far, and nothing of it kept: a browser shows no answer while it still sends.
# A proxy of `deploy/` ends it at 1 MB with a 413 of its own.
MOST_DRAINED_BYTES = 20_000_000
# 600 kB on a slow phone.
DEADLINE_SECONDS = 30.0
# The text field and the file; what comes behind these is no form of ours.
MOST_PARTS = 4
LONGEST_HEAD = 1_000
MULTIPART = "multipart/form-data"
BOUNDARY = re.compile(r"""boundary="?([\w'()+,./:=?-]{1,70})""", re.ASCII)
NAME = re.compile(rb"""[;\s]name="(\w{1,20})\"""")
IS_FILE = re.compile(rb"[;\s]filename\*?=")
# What a browser sends when nobody chose a file.
UNCHOSEN = re.compile(rb"[;\s]filename=\"\"")
MARKS = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
# Files that have text in them, and are none.
NO_TEXT = (b"%PDF-", b"PK\x03\x04", b"{\\rtf")

TOO_LARGE = "That is more than we read at a time (600 kB). Please choose fewer papers, or paste their ids."
TOO_SLOW = "It took too long to arrive. Please try again, or paste the papers."
NO_FORM = "It did not arrive as a whole. Please try again, or paste the papers."
ODD = "We cannot read that file. Please export the papers as BibTeX, RIS, CSL-JSON or Zotero RDF, or paste them."
# Where what is wrong with what came is told: a name that no form can carry, as names are cut to 100 characters.
WRONG = "wrong" * 21


def posted_with_file(act: Acting) -> Endpoint:
    """Let a plain function answer a POST with one file, as `file`; what is wrong with it is in `WRONG`."""

    @functools.wraps(act)
    async def read_and_answer(request: Request) -> Response:
        queue = Site.of(request).pools.pastes
        # Who would find no place is not read: to take in 600 kB is work for the event loop, too.
        queue.room_for(request)
        body, said = await read(request), request.headers.get("content-type", "")
        return await queue.run(request, lambda: act(request, filled_in(body, said)))

    return read_and_answer


async def read(request: Request) -> bytes | str:
    """Take in a form of ours with a file or without, or say what is wrong; never for longer than the deadline."""
    if comes_from_elsewhere(request.headers, Site.of(request).settings.base_url):
        raise HTTPException(403)
    body = bytearray()
    try:
        async with asyncio.timeout(DEADLINE_SECONDS):
            if not await _arrived(request, body):
                return TOO_LARGE
    except TimeoutError:
        return TOO_SLOW
    return bytes(body)


async def _arrived(request: Request, body: bytearray) -> bool:
    """Read the body; say whether it is as short as it may be."""
    drained = 0
    async for chunk in request.stream():
        drained += len(chunk)
        if drained > MOST_DRAINED_BYTES:
            raise HTTPException(413)
        if drained <= MOST_EXPORT_BYTES:
            body += chunk
    return drained <= MOST_EXPORT_BYTES


def filled_in(body: bytes | str, content_type: str) -> Typed:
    """Make words of what came in. Pure."""
    if isinstance(body, str):
        return {WRONG: body}
    if forms.kind(content_type) == MULTIPART:
        return _with_a_file(body, content_type)
    return forms.filled_in(body) if forms.kind(content_type) == forms.FORM else NOTHING


def _with_a_file(body: bytes, content_type: str) -> Typed:
    """Read the text field and the one file of a form (RFC 7578)."""
    boundary = BOUNDARY.search(content_type)
    parts = list(_parts(body, boundary[1].encode())) if boundary else []
    if not parts or len(parts) > MOST_PARTS:
        return {WRONG: NO_FORM}
    filled: dict[str, str] = {}
    for name, head, content in parts:
        if not IS_FILE.search(head):
            filled[name] = forms.as_typed(content.decode(errors="replace")[: forms.longest(name)])
        elif content or not UNCHOSEN.search(head):
            text = text_of(content)
            if text is None or "file" in filled:
                return {**filled, WRONG: ODD}
            filled["file"] = forms.as_typed(_with_line_ends(text)[: MOST_TEXT + 1])
    return filled or NOTHING


def _parts(body: bytes, boundary: bytes) -> Iterator[tuple[str, bytes, bytes]]:
    """Yield each named part: its name, its head and its content. What is cut off is no part."""
    _, *pieces = (b"\r\n" + body).split(b"\r\n--" + boundary, MOST_PARTS + 2)
    # The last is what follows the end.
    for piece in pieces[:-1]:
        head, _, content = piece.partition(b"\r\n\r\n")
        if len(head) <= LONGEST_HEAD and (name := NAME.search(head)):
            yield name[1].decode(), head, content


def _with_line_ends(text: str) -> str:
    """End each line as we do, whatever system it comes from."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def text_of(content: bytes) -> str | None:
    """Read a file as text, whatever program wrote it; None for what is none."""
    mark = next((mark for mark in MARKS if content.startswith(mark)), b"")
    if mark:
        return content.decode(MARKS[mark], errors="replace")
    if b"\0" in content or content.startswith(NO_TEXT):
        return None
    try:
        return content.decode()
    except UnicodeDecodeError:
        return content.decode("cp1252", errors="replace")
