"""The commands of `digest`, each with the file it is in and its one line of help: a command imports what it uses.

To add one: a file with a function and `app`, and a line here. A test compares the lines with the files.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any, NamedTuple

import typer
from typer.core import TyperGroup


class Entry(NamedTuple):
    """Where a command is, and what `digest --help` says of it."""

    module: str
    help: str


COMMANDS = {
    "demo": Entry("demo", "Try everything on this machine, on embedded parts, and print the digest that arrives."),
    "migrate": Entry("migrate", "Bring the database to the newest schema, or say whether it is."),
    "backup": Entry("backup", "Copy the database to a file, while the service runs."),
    "restore": Entry("restore", "Replace the database with a backup, and send nothing twice after it."),
    "keep": Entry("keep", "Run a part of the service, and restart it whenever it ends; for a Procfile."),
    "collect": Entry("collect", "Fetch and store what the sources listed."),
    "papers": Entry("papers", "Show what is stored of a day, in the sources' order."),
    "preview": Entry("preview", "Print the digest that a new reader with these topics would get now."),
    "match": Entry("match", "Show which stored papers these topics pick, the best first, and why."),
    "send": Entry("send", "Plan and deliver what is due, in this process."),
    "stats": Entry("stats", "Show readers, deliveries, runs, failures, open breakers, and the last collections."),
    "bounce": Entry("bounce", "Judge a returned message, complaint or mail to unsubscribe, and act on it."),
    "doctor": Entry("doctor", "Check everything the service depends on, and say what to fix."),
    "readers": Entry("readers", "Manage the readers: show, find, add, import, export, pause, reactivate, forget."),
    "dkim": Entry("dkim", "Make the key that signs the mails."),
}


class Commands(TyperGroup):
    """A group whose commands are imported when they are called."""

    def list_commands(self, _context: Any) -> list[str]:  # noqa: ANN401 - typer's own context
        return list(COMMANDS)

    def get_command(self, _context: Any, name: str) -> Any:  # noqa: ANN401 - typer's own command
        if name not in COMMANDS:
            return None
        if self.commands.get(name) is None:
            app: typer.Typer = import_module(f"digest.cli.{COMMANDS[name].module}").app
            command = typer.main.get_command(app)
            command.name = name
            self.commands[name] = command
        return self.commands[name]

    def format_commands(self, _context: Any, formatter: Any) -> None:  # noqa: ANN401 - typer's own
        with formatter.section("Commands"):
            formatter.write_dl([(name, entry.help) for name, entry in COMMANDS.items()])

    def resolve_command(self, context: Any, args: list[str]) -> Any:  # noqa: ANN401 - typer's own
        """Suggest a name that is there for one that is not, without importing them all."""
        if args[0] not in COMMANDS:  # only the names are looked at
            self.commands = dict.fromkeys(COMMANDS)  # type: ignore[assignment]
        return super().resolve_command(context, args)


def app_of(help: str | None = None) -> typer.Typer:
    """Make the app of a command's file. Its help is plain text: drawing boxes takes as long as a whole command."""
    return typer.Typer(
        no_args_is_help=help is not None,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
        help=help,
    )
