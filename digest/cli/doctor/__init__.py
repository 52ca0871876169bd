"""`digest doctor`: looks at everything the service leans on, and says what to do. Sends nothing, unless asked to.

It changes nothing either, but for an empty SQLite file, which is given its tables as by any other command.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict
from typing import Annotated

import typer
from dns.resolver import Resolver

from digest.bootstrap import Service
from digest.cli.commands import app_of
from digest.cli.console import Json, print_json, print_table
from digest.cli.doctor import (
    aside,
    broker,
    clock,
    database,
    disk,
    dns,
    mailbox,
    processes,
    records,
    relays,
    sender,
    setup,
    trial,
)
from digest.cli.doctor.database import FRESH_FOR
from digest.cli.doctor.findings import Finding, Health, broken
from digest.cli.errors import Misused
from digest.settings import BadSetting, env_file, urls

__all__ = ["FRESH_FOR", "Finding", "Health", "app", "examined"]

app = app_of()


@app.command()
def doctor(
    context: typer.Context,
    as_json: Json = False,
    mail: Annotated[
        str, typer.Option(metavar="ADDRESS", help="Send a test mail there, and one to ourselves, by each relay.")
    ] = "",
    wait: Annotated[float, typer.Option(metavar="SECONDS", min=0, help="How long to wait for its return.")] = 60,
) -> None:
    """Check everything the service depends on, and say what to fix: exits 1 when something is broken.

    Settings, database, broker, relays, mailbox, DNS, sources, readers, processes, disk and clock.
    It sends nothing, unless asked to with --mail.
    """
    findings = list(_found(context.obj, mail and _address(mail), wait))
    if as_json:
        print_json(map(asdict, findings))
    else:
        # Others end their errors with a full stop.
        rows = [(one.health, one.what, "; ".join(filter(None, (one.said.rstrip("."), one.todo)))) for one in findings]
        print_table("", ("", "What", "How it is"), rows)
    if any(one.health is Health.BROKEN for one in findings):
        raise typer.Exit(1)


def _address(mail: str) -> str:
    try:
        return urls.address(mail)
    except ValueError as error:
        raise Misused(f"--mail: {error}") from None


def _found(opened: Callable[..., Service], mail: str, wait: float) -> Iterator[Finding]:
    """Settings that production refuses hide nothing else: the rest is looked at as in development."""
    try:
        service = opened()
    except BadSetting as error:
        yield from setup.refused(error)
        try:
            service = opened(env="development")
        except BadSetting:
            return
    yield from examined(service, records.resolver)
    if mail:
        yield from looked_at({"test mails": lambda: trial.look(service, mail, wait)})


def examined(
    service: Service, resolver: Callable[[], Resolver], get: processes.Get = processes.get
) -> Iterator[Finding]:
    """Look at one thing after the other; one that is broken hides no other.

    `resolver` and `get` are the ways out, to the DNS and to our own public address.
    """
    looks: dict[str, Callable[[], Iterator[Finding]]] = {
        "settings": lambda: setup.look(service, env_file.usual(), os.environ),
        "database": lambda: database.look(service),
        "broker": lambda: broker.look(service),
        "relays": lambda: relays.look(service),
        "mailbox": lambda: mailbox.look(service),
        "processes": lambda: processes.look(service, get),
        "disk": lambda: disk.look(service),
        "clock": lambda: clock.look(service),
        "readers": lambda: aside.look(service),
        "PTR": lambda: sender.look(service, resolver),
        "DNS": lambda: dns.look(service, resolver),
    }
    yield from looked_at(looks)


def looked_at(looks: Mapping[str, Callable[[], Iterator[Finding]]]) -> Iterator[Finding]:
    for what, look in looks.items():
        try:
            yield from look()
        except Exception as error:
            # Whatever it is, the others are looked at; and it must not end in a traceback that nobody can use.
            yield broken(what, f"could not be looked at: {type(error).__name__}: {error}", "please report this")
