"""The file of settings, `.env`: finds lines that are no setting. Never repeats a value: it may be a password.

honcho, python-dotenv, systemd and compose each read such a file in their own way. They agree on `NAME=value` without
blanks or quotes in the value, and on `NAME='value'`; whoever writes anything else may get four different settings.
"""

from __future__ import annotations

import os
import re
from io import StringIO
from pathlib import Path

from dotenv.parser import parse_stream

from digest.settings.errors import BadSetting

OURS = re.compile(r"\bDIGEST_\w+", re.IGNORECASE)
# Others than the owner can read it. A group may read what root hands it: so a service comes by its settings.
FOR_OTHERS, FOR_A_GROUP = 0o007, 0o070
# Thirteen times the example. python-dotenv looks at a run of blanks again and again: 37 kB of them took seconds.
MOST_CHARACTERS, MOST_BLANKS = 65_536, 1_000
BLANKS = re.compile(rf"(?<![^\S\n])[^\S\n]{{{MOST_BLANKS}}}")


def usual() -> str:
    """The file that is read when none is named."""
    return os.environ.get("DIGEST_ENV_FILE") or ".env"


def read(path: str, *, must_be_there: bool = False) -> list[str]:
    """Give the names that a file sets; raise BadSetting for one that cannot be read, and for a line of ours in it."""
    try:
        with open(path, encoding="utf-8") as file:
            text = file.read(MOST_CHARACTERS + 1)
    except FileNotFoundError:
        if must_be_there or os.environ.get("DIGEST_ENV_FILE"):
            raise BadSetting(f"{path}: there is no such file of settings") from None
        return []
    except UnicodeDecodeError as error:
        raise BadSetting(f"{path}: it is not text in UTF-8 (byte {error.start + 1}): save it as UTF-8") from None
    except OSError as error:
        raise BadSetting(f"{path}: {_unreadable(path, error)}") from None
    _refuse_what_takes_long(path, text)
    lines = list(parse_stream(StringIO(text)))
    for line in lines:
        # A comment has no key; it may well name a setting, as all lines of the example do.
        if (line.error or (line.key and line.value is None)) and (name := OURS.search(line.original.string)):
            raise BadSetting(f"{path}, line {line.original.line}: {_junk(name.group(), line.original.string)}")
    return [line.key for line in lines if line.key and not line.error]


def _refuse_what_takes_long(path: str, text: str) -> None:
    if len(text) > MOST_CHARACTERS:
        raise BadSetting(f"{path}: it has more than {MOST_CHARACTERS:,} characters: is it a file of settings?")
    if found := BLANKS.search(text):
        line = text.count("\n", 0, found.start()) + 1
        raise BadSetting(f"{path}, line {line}: it has {MOST_BLANKS:,} blanks in a row: take them out")


def is_open_to_others(path: str) -> bool:
    """Whether others on this machine may read a file that keeps secrets."""
    try:
        found = Path(path).stat()
        is_ours = found.st_uid == os.getuid()
        return bool(found.st_mode & (FOR_OTHERS | FOR_A_GROUP if is_ours else FOR_OTHERS))
    except OSError:
        return False


def _unreadable(path: str, error: OSError) -> str:
    if isinstance(error, PermissionError):
        return "this user may not read it: `chown` it to the user of the service, or run as that user"
    return f"it cannot be read: {error.strerror}"


def _junk(name: str, line: str) -> str:
    after = line.partition(name)[2].lstrip()
    if after.startswith(":"):
        return f"write {name}=… with an equals sign, not a colon"
    if after.startswith(("='", '="')):
        return f"the quote that opens the value of {name} is never closed"
    return f"this is not a setting: write {name}=…"
