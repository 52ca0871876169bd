"""Returned messages in files: one each, an mbox, a Maildir, or a folder of any of these. Changes nothing in them."""

from __future__ import annotations

import mailbox
from collections.abc import Iterator
from pathlib import Path

from digest import bounces
from digest.cli.errors import Misused

# What a line begins with that begins a message in an mbox.
FROM = b"From "


def messages(path: Path) -> Iterator[tuple[str, bytes]]:
    """Each message below a path with its name, in the order of the names; raise Misused for what cannot be read."""
    try:
        if path.is_dir():
            yield from _folder(path)
        else:
            yield from _file(path)
    except OSError as error:
        raise Misused(f"cannot read {path}: {error.strerror}") from None


def _folder(path: Path) -> Iterator[tuple[str, bytes]]:
    for file in sorted(path.iterdir()):
        # What lies in `tmp` of a Maildir is still being written.
        if file.name.startswith(".") or file.name == "tmp":
            continue
        yield from messages(file)


def _file(path: Path) -> Iterator[tuple[str, bytes]]:
    with path.open("rb") as file:
        start = file.read(bounces.MOST_BYTES)
    if not start.startswith(FROM):
        yield str(path), start
        return
    box = mailbox.mbox(path, create=False)
    try:
        for place, key in enumerate(box.keys(), 1):
            with box.get_file(key) as message:
                yield f"{path}:{place}", message.read(bounces.MOST_BYTES)
    finally:
        box.close()
