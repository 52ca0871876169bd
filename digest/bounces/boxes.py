"""Messages as they lie about: one in a file, an mbox, a Maildir, a folder of files. One at a time, each cut to a bound.

Judges none, and changes nothing on the disk.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from digest.bounces.limits import MOST_BYTES

# Where a message begins in an mbox: `From ada@example.org Thu Nov 26 23:00:00 2026`, after a blank line.
FROM_LINE = re.compile(rb"From \S{1,320}[ \t].{0,60}\d\d:\d\d.{0,60}\d{4}")
# A line that only looks so is quoted, once for each time that somebody stored it (mboxrd).
QUOTED_FROM = re.compile(rb">{1,9}From ")
LONGEST_READ = 65_536


@dataclass(frozen=True, slots=True)
class Found:
    """A message, where it was found, and what is wrong with the file if it could not be read."""

    name: str
    content: bytes
    problem: str = ""


def messages_at(path: Path) -> Iterator[Found]:
    """Find the messages in a file or folder, in the order of their names. Raises OSError if `path` is unreadable.

    A folder with `cur` or `new` in it is a Maildir; of any other the files `*.eml` count, else all.
    """
    if not path.is_dir():
        with path.open("rb") as stream:
            yield from messages_in(stream, path.name)
        return
    for file in _files(path):
        try:
            with file.open("rb") as stream:
                yield from messages_in(stream, str(file.relative_to(path)))
        except OSError as error:
            yield Found(str(file.relative_to(path)), b"", error.strerror or "unreadable")


def _files(folder: Path) -> list[Path]:
    boxes = [box for name in ("cur", "new") if (box := folder / name).is_dir()]
    files = [file for box in boxes or [folder] for file in sorted(box.iterdir()) if _is_message(file)]
    named = [file for file in files if file.suffix.lower() == ".eml"]
    return files if boxes or not named else named


def _is_message(file: Path) -> bool:
    """Whether it is a plain file and meant to be seen: opening a pipe would wait for ever."""
    return file.is_file() and not file.name.startswith(".")


def messages_in(stream: BinaryIO, name: str = "-") -> Iterator[Found]:
    """Find the messages in a stream: one, or those of an mbox (it begins with a `From ` line), named by number."""
    first = stream.readline(LONGEST_READ)
    if not first.startswith(b"From "):
        content = first + stream.read(max(MOST_BYTES - len(first), 0))
        if content:
            yield Found(name, content)
        return
    for number, content in enumerate(_of_mbox(stream), 1):
        yield Found(f"{name}:{number}", content)


def _of_mbox(stream: BinaryIO) -> Iterator[bytes]:
    kept = bytearray()
    begins = after_blank = False
    while line := stream.readline(LONGEST_READ):
        if after_blank and FROM_LINE.match(line):
            yield bytes(kept)
            kept.clear()
            begins = after_blank = False
            continue
        # The rest of a line that was too long for one read is no line of its own.
        after_blank = not begins and not line.strip()
        if len(kept) < MOST_BYTES:
            kept += (line[1:] if not begins and QUOTED_FROM.match(line) else line)[: MOST_BYTES - len(kept)]
        begins = not line.endswith(b"\n")
    yield bytes(kept)
