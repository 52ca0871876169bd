"""Make the key that signs the mails, and the DNS record that lets the world believe it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from digest.bootstrap import Service
from digest.cli.commands import app_of
from digest.cli.console import Json, print_json
from digest.cli.errors import Failed, Misused
from digest.compose import dkim
from digest.compose.mime import ascii_domain

app = app_of(help=__doc__)


@app.callback()
def group() -> None:
    """Keep `new` a command of its own."""


@app.command()
def new(
    context: typer.Context,
    selector: Annotated[str, typer.Option(help="The key's name in the DNS; made from the day if left out.")] = "",
    domain: Annotated[str, typer.Option(help="Whose mails it signs; that of the settings if left out.")] = "",
    out: Annotated[str, typer.Option(metavar="FILE", help="Where to put the key; below var/ if left out.")] = "",
    as_json: Json = False,
) -> None:
    """Make a key that signs the mails, and say what to publish and to set."""
    service: Service = context.obj
    selector = selector or f"digest{service.now:%Y%m%d}"
    domain = ascii_domain(domain or service.settings.domain).lower()
    if not dkim.NAME.fullmatch(selector):
        raise Misused(f"--selector: {selector!r} is not a DNS name; use letters, digits and hyphens")
    if not dkim.NAME.fullmatch(domain) or "." not in domain:
        raise Misused(
            f"--domain: {domain!r} is not a public domain; give one, or set DIGEST_MAIL_FROM or DIGEST_MAIL_DOMAIN"
        )
    path, key = Path(out or f"var/{selector}.pem").absolute(), dkim.new_key()
    _keep(path, dkim.pem(key))
    name, strings = f"{selector}._domainkey.{domain}", dkim.record(key)
    settings = {"DIGEST_DKIM_SELECTOR": selector, "DIGEST_DKIM_PRIVATE_KEY": str(path)}
    if as_json:
        print_json([{"name": name, "type": "TXT", "value": strings, "settings": settings}])
        return
    typer.echo(f"The key is in {path}, for you alone to read.\n\nPublish this in the DNS:\n")
    value = " ".join(f'"{string}"' for string in strings)
    typer.echo(f"  Name   {name}\n  Type   TXT\n  Value  {value}\n\nThen set:\n")
    for setting, given in settings.items():
        typer.echo(f"  {setting}={given}")


def _keep(path: Path, pem: bytes) -> None:
    """Write a key where there is none yet: a key in use must not be lost."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(pem)
    except FileExistsError:
        raise Failed(f"{path} is there already, and a key in use must not be lost: give another --out") from None
    except OSError as error:
        raise Failed(f"cannot write {path}: {error.strerror}") from None
