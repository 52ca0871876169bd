"""`digest bounce`: one returned message on stdin, as a mail server pipes it."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from digest import bootstrap, bounces
from digest.cli.console import Here, Misused, console, print_json
from digest.domain import Verdict
from digest.jobs import returns


def add_to(app: typer.Typer) -> None:
    app.command()(bounce)


def bounce(
    context: typer.Context,
    explain: Annotated[bool, typer.Option("--explain", help="Only print the verdict as JSON; change nothing.")] = False,
) -> None:
    """Judge one returned message, complaint or mail to unsubscribe on stdin, and act on it.

    What is not understood changes nothing and is no failure: a mail server must not send it back to us.
    """
    here: Here = context.obj
    content = _message()
    if explain:
        print_json([_row(bounces.of_message(content))])
        return
    taken = returns.take(here.engine, bootstrap.links(here.settings), content, here.now)
    verdict = taken.verdict
    said = f"{verdict.kind}, {verdict.reason}" if verdict.reason else verdict.kind
    console.print(f"{said}: {taken}.", markup=False)


def _message() -> bytes:
    """Read what there is to judge, and the rest to the end, so that the writer's pipe does not break."""
    if sys.stdin is None or sys.stdin.isatty():
        raise Misused("give the message on stdin, as in `digest bounce < returned.eml`")
    content = sys.stdin.buffer.read(bounces.MOST_BYTES)
    while sys.stdin.buffer.read(bounces.MOST_BYTES):
        pass
    return content


def _row(verdict: Verdict) -> dict[str, object]:
    return {
        "kind": verdict.kind,
        "recipients": list(verdict.recipients),
        "reason": verdict.reason,
        "status": verdict.status,
    }
