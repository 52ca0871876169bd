"""Manage the readers: show, find, add, import, export, pause, reactivate, forget."""

from __future__ import annotations

from collections.abc import Callable

from digest.cli.commands import app_of
from digest.cli.readers import change, exporting, importing, show

app = app_of(help=__doc__)
COMMANDS: dict[str, Callable[..., None]] = {
    "show": show.show,
    "find": show.find,
    "list": show.list_readers,
    "add": change.add,
    "import": importing.import_readers,
    "export": exporting.export,
    "pause": change.pause,
    "resume": change.resume,
    "reactivate": change.reactivate,
    "resend": change.resend,
    "forget": change.forget,
}
for name, command in COMMANDS.items():
    app.command(name)(command)
