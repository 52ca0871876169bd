"""How `digest` ends when something went wrong: one clear line on stderr, and the code that scripts look at."""

from __future__ import annotations

import sys
from contextlib import suppress
from errno import ENOSPC
from typing import NoReturn

from sqlalchemy.exc import DBAPIError

from digest.bootstrap import ClockWrong
from digest.cli.errors import Failed, Misused
from digest.jobs.delivery import Busy
from digest.settings import BadSetting
from digest.store.engine import StoreUnready, why
from digest.transport.smtp import RelayAway

FAILED, MISUSED = 1, 2
# Another process of ours writes for moments; what holds it longer is something else.
HELD = "; something else has held it for too long to wait, as an open `sqlite3` does: end that, and try again"


def end(error: Exception) -> None:
    """Say what went wrong and exit; raise what nobody foresaw."""
    match error:
        case BadSetting() | Misused():
            _exit(str(error), MISUSED)
        case Busy() | Failed() | StoreUnready() | RelayAway() | ClockWrong():
            _exit(str(error), FAILED)
        case DBAPIError():
            said = why(error)
            mend = HELD if "locked" in said else ""
            _exit(f"cannot use the database: {said}{mend} (DIGEST_DATABASE_URL)", FAILED)
        case OverflowError():
            # Of a database or of the calendar; what is too much for ours is a slip.
            _exit(f"a number is larger than anything here can be: {error}", MISUSED)
        case BrokenPipeError():
            # The reader of our output, such as `head`, has had enough.
            sys.stderr.close()
        case OSError(errno=number) if number == ENOSPC:
            with suppress(OSError):
                sys.stdout.close()
            _exit("no space is left for the output", FAILED)
        case _:
            raise error


def _exit(message: str, code: int) -> NoReturn:
    sys.stderr.write(f"digest: {message}\n")
    sys.exit(code)
