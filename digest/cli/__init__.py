"""The `digest` command: every round of the service by hand, and questions to the store."""

from __future__ import annotations

import sys
from contextlib import suppress
from datetime import datetime
from errno import ENOSPC
from io import TextIOWrapper
from typing import Annotated

import typer
from sqlalchemy.exc import DBAPIError

from digest import __version__, logs
from digest.cli import bounce, collect, demo, dkim, doctor, match, preview, readers, send
from digest.cli.console import Failed, Here, Misused
from digest.jobs.delivery import Busy
from digest.settings import BadSetting, load
from digest.store.engine import StoreUnready, unreachable
from digest.transport.smtp import RelayAway

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help=__doc__)
for part in (demo, collect, preview, match, send, bounce, doctor):
    part.add_to(app)
app.add_typer(readers.app, name="readers")
app.add_typer(dkim.app, name="dkim")


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"paper-digest {__version__}")
        raise typer.Exit


@app.callback()
def start(
    context: typer.Context,
    now: Annotated[
        str,
        typer.Option(
            help="Run as if at this moment (ISO 8601): for rehearsals and tests.", envvar="DIGEST_NOW", metavar="ISO"
        ),
    ] = "",
    _version: Annotated[
        bool, typer.Option("--version", help="Print the version and exit.", is_eager=True, callback=_print_version)
    ] = False,
) -> None:
    settings = load(now=_moment(now)) if now else load()
    logs.configure(settings.env == "production")
    context.obj = Here(settings)
    context.call_on_close(context.obj.close)


def _moment(text: str) -> str:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        raise BadSetting(f"--now: {text!r} is no moment; give one such as 2025-12-24T18:00+00:00") from None
    return text


def main() -> None:
    """Run the command line: 0 for done, 1 for failed, 2 for misused, and one clear line on stderr."""
    try:
        _prepare()
        try:
            app()
        finally:
            sys.stdout.flush()
    except (BadSetting, Misused) as error:
        _end(str(error), 2)
    except (Busy, Failed, StoreUnready, RelayAway) as error:
        _end(str(error), 1)
    except DBAPIError as error:
        _end(unreachable(load().database_url, error), 1)
    except BrokenPipeError:
        # The reader of our output, such as `head`, has had enough.
        sys.stderr.close()
    except OSError as error:
        if error.errno != ENOSPC:
            raise
        with suppress(OSError):
            sys.stdout.close()
        _end("no space is left for the output", 1)


def _prepare() -> None:
    """Have every character printed somehow, whatever the terminal; raise Misused for words that are no text."""
    if sys.stdout is None:
        raise Misused("stdout is closed: give the output a place to go")
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    for place, word in enumerate(sys.argv[1:], 1):
        if any("\ud800" <= character <= "\udfff" for character in word):
            raise Misused(f"word {place} after `digest` is no text in UTF-8")


def _end(message: str, code: int) -> None:
    sys.stderr.write(f"digest: {message}\n")
    sys.exit(code)
