"""The `digest` command: every round of the service by hand, and questions to the store."""

from __future__ import annotations

import gc
import sys
from functools import partial
from io import TextIOWrapper
from typing import TYPE_CHECKING, Annotated

import typer

from digest import __version__
from digest.cli.commands import Commands, app_of
from digest.cli.errors import Misused

if TYPE_CHECKING:
    from digest.bootstrap import Service

app = app_of(help=__doc__)
# They open the service themselves, if at all: for `bounce` each end is a word to a mail server, `doctor` says what is
# wrong, and `keep` needs no settings.
OPENS_ITSELF = {"bounce", "doctor", "keep"}
YOUNG_OBJECTS = 100_000


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"paper-digest {__version__}")
        raise typer.Exit


@app.callback(cls=Commands)
def start(
    context: typer.Context,
    now: Annotated[
        str,
        typer.Option(
            help="Run as if at this moment (ISO 8601): for dry runs and tests.", envvar="DIGEST_NOW", metavar="ISO"
        ),
    ] = "",
    env_file: Annotated[
        str, typer.Option(metavar="FILE", help="The file of settings; .env in the working directory if left out.")
    ] = "",
    _version: Annotated[
        bool, typer.Option("--version", help="Print the version and exit.", is_eager=True, callback=_print_version)
    ] = False,
) -> None:
    opened = partial(_open, context, now, env_file)
    context.obj = opened if context.invoked_subcommand in OPENS_ITSELF else opened()


def _open(context: typer.Context, now: str, env_file: str, **more: str) -> Service:
    from digest.bootstrap import Service
    from digest.settings import load

    given = more | ({"now": _moment(now)} if now else {})
    service = Service(load(env_file or None, **given), is_waited_for=True)
    if context.invoked_subcommand != "bounce":
        from digest import logs

        logs.configure(service.settings.env == "production")
    context.call_on_close(service.close)
    return service


def _moment(text: str) -> str:
    from datetime import datetime

    try:
        datetime.fromisoformat(text)
    except ValueError:
        from digest.settings import BadSetting

        raise BadSetting(f"--now: {text!r} is not a date and time; write it like 2025-12-24T18:00+00:00") from None
    return text


def main() -> None:
    """Run the command line: 0 for done, 1 for failed, 2 for misused, and one clear line on stderr."""
    # A command is short: looking for garbage among what is imported takes a fifth of its start.
    gc.set_threshold(YOUNG_OBJECTS)
    try:
        _prepare()
        try:
            app()
        finally:
            sys.stdout.flush()
    except Exception as error:
        from digest.cli.endings import end

        end(error)


def _prepare() -> None:
    """Have every character printed somehow, whatever the terminal; raise Misused for words that are no text."""
    if sys.stdout is None:
        raise Misused("stdout is closed: give the output a place to go")
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    for place, word in enumerate(sys.argv[1:], 1):
        if any("\ud800" <= character <= "\udfff" for character in word):
            raise Misused(f"word {place} after `digest` is not UTF-8 text")
