"""`digest bounce`: one returned message on stdin, as a mail server pipes it; or `--explain` for files of them.

A mail server reads the exit code: 0 is taken, 75 (EX_TEMPFAIL) is "ask again later", and anything else goes back to
whoever wrote, who is a reader that wants to leave. So whatever may pass, a lost database or missing settings, is 75,
in one line that says nothing of this machine: a mail server may send that on, too.
"""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from digest import bounces
from digest.cli.commands import app_of
from digest.cli.errors import Misused
from digest.domain import Verdict

if TYPE_CHECKING:
    from digest.bootstrap import Service

EX_TEMPFAIL = 75
# The name of a file of this machine; what shows how to write one stays.
FILE = re.compile(r"(?<![\w./])/(?!PATH/)[^\s:;,]+")

app = app_of()


@app.command()
def bounce(
    context: typer.Context,
    explain: Annotated[bool, typer.Option("--explain", help="Only print verdicts as JSON; change nothing.")] = False,
    files: Annotated[
        list[Path] | None, typer.Argument(metavar="[FILE|DIR]…", help="With --explain: messages, an mbox or a Maildir.")
    ] = None,
) -> None:
    """Judge a returned message, complaint or mail to unsubscribe on stdin, and act on it.

    What is not understood changes nothing and is no failure: a mail server must not send it back to us. Exits 75 when
    it can only be done later.
    """
    if files and not explain:
        raise Misused("files are only for --explain; to act on a message, give it on stdin")
    if explain:
        _explain(files or [])
        return
    content = _message()
    try:
        _take(context.obj, content)
    except Exception as error:
        sys.stderr.write(f"digest bounce: {_bare(error)}; try again later\n")
        raise typer.Exit(EX_TEMPFAIL) from None


def _take(opened: Callable[[], Service], content: bytes) -> None:
    from digest.bounces.safely import read_safely
    from digest.jobs import returns, trial
    from digest.store import gauges

    service = _explicit(opened)
    engine = service.engine
    if content:
        gauges.measured(engine, gauges.PIPED, service.now.timestamp(), service.now)
    if trial.came_back(engine, content, service.now):
        sys.stdout.write("a test mail of `digest doctor`: it came back.\n")
        return
    # In a process of its own: no message a stranger sends may break or hold up this one.
    taken = returns.act_on(engine, service.links, read_safely(content), service.now)
    verdict = taken.verdict
    said = f"{verdict.kind}, {verdict.reason}" if verdict.reason else verdict.kind
    sys.stdout.write(f"{said}: {taken}.\n")


def _explicit(opened: Callable[[], Service]) -> Service:
    """Open the service that somebody set up; a mail server starts us in a folder of its own, and with no settings."""
    from digest.settings import BadSetting, loading

    service = opened()
    path = service.settings.database_url.removeprefix("sqlite:///")
    is_file = path != service.settings.database_url
    if not service.settings.model_fields_set or (is_file and not os.path.exists(path.partition("?")[0])):
        where = loading.WHERE
        raise BadSetting(f"there are no settings of a service where it runs: {where}")
    return service


def _bare(error: Exception) -> str:
    """What is wrong, without the names of users, hosts and files: whoever reads it may be a stranger."""
    from sqlalchemy.exc import SQLAlchemyError

    from digest.bounces.safely import JudgeAway
    from digest.settings import BadSetting
    from digest.store.engine import StoreUnready

    if isinstance(error, BadSetting):
        return FILE.sub("a file", str(error))
    if isinstance(error, JudgeAway):
        return "this machine cannot begin another process now"
    if isinstance(error, (SQLAlchemyError, StoreUnready)):
        return "the database cannot be used now"
    return f"it could not be taken in ({type(error).__name__})"


def _message() -> bytes:
    """Read what there is to judge, and the rest to the end, so that the writer's pipe does not break."""
    if sys.stdin is None or sys.stdin.isatty():
        raise Misused("give the message on stdin, as in `digest bounce < returned.eml`")
    content = sys.stdin.buffer.read(bounces.MOST_BYTES)
    while sys.stdin.buffer.read(bounces.MOST_BYTES):
        pass
    return content


def _explain(files: list[Path]) -> None:
    if not files:
        _print(_row(bounces.of_message(_message())))
        return
    from digest.bounces import boxes

    for path in files:
        try:
            for found in boxes.messages_at(path):
                row = _row(bounces.of_message(found.content))
                problem: dict[str, object] = {"problem": found.problem}
                _print({"file": found.name} | (problem if found.problem else row))
        except OSError as error:
            raise Misused(f"cannot read {path}: {error.strerror}") from None


def _print(row: dict[str, object]) -> None:
    as_ascii = (sys.stdout.encoding or "").lower() not in ("utf-8", "utf8")
    sys.stdout.write(json.dumps(row, ensure_ascii=as_ascii) + "\n")


def _row(verdict: Verdict) -> dict[str, object]:
    return {
        "kind": verdict.kind,
        "recipients": list(verdict.recipients),
        "reason": verdict.reason,
        "status": verdict.status,
    }
