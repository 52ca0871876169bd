"""What a setting that says where something is must look like; a ValueError says what to give. Connects to nothing."""

from __future__ import annotations

import re
from ipaddress import ip_address
from urllib.parse import parse_qs, urlsplit

from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

# What ends a line, here or in a mail's header, and what no terminal shows.
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
DOMAIN = re.compile(r"[\w-]+(\.[\w-]+)*")
ADDRESS = re.compile(rf"[^\s@<>]+@{DOMAIN.pattern}")


def one_line(value: str) -> str:
    if CONTROL.search(value):
        raise ValueError("take out the control characters, such as a line break or a tab")
    return value


def one_word(value: str) -> str:
    """Refuse blanks too: urlsplit drops some of them in silence, and they would reach every header and link."""
    if " " in value or not one_line(value).isprintable():
        raise ValueError("take out the blanks and what cannot be seen")
    return value


def domain(value: str) -> str:
    if not DOMAIN.fullmatch(one_word(value)):
        raise ValueError("give a domain such as example.org")
    return value


def address(value: str) -> str:
    if not ADDRESS.fullmatch(one_word(value)):
        raise ValueError("give an address such as digest@example.org")
    return value


def server(value: str, schemes: set[str], example: str) -> str:
    parts = urlsplit(one_word(value))
    if parts.scheme not in schemes or not (parts.hostname or parts.path):
        raise ValueError(f"give {example}")
    parts.port  # noqa: B018 - raises ValueError for a port that is no number
    return value


def site(value: str) -> str:
    """Check what paths are added to, and take the slash from its end."""
    parts = urlsplit(server(value, {"http", "https"}, "https://HOST"))
    if not parts.hostname or "?" in value or "#" in value:
        raise ValueError("give https://HOST or https://HOST/PATH, with nothing behind it")
    return value.rstrip("/")


def relays(value: str) -> str:
    for url in several(value):
        server(url, {"smtp", "smtps", "smtp+starttls"}, "smtp://HOST:PORT")
        weight = parse_qs(urlsplit(url).query).get("weight", ["1"])[0]
        if not weight.isdecimal() or int(weight) < 1:
            raise ValueError("give a weight of 1 or more, as in smtp://HOST:PORT?weight=3")
    return value


def several(value: str) -> list[str]:
    """The URLs in a setting, separated by spaces or commas; a comma within a password ends none."""
    return re.split(r"[\s,]+(?=[a-z+]+://)", value.strip().rstrip(", ")) if value.strip() else [value]


def database(value: str) -> str:
    """Check the URL of a database, and name the driver we have."""
    scheme, _, rest = one_line(value).partition("://")
    kind, _, driver = scheme.partition("+")
    url = value if kind == "sqlite" else f"postgresql+psycopg://{rest}"
    try:
        host = make_url(url).host
    except (ArgumentError, ValueError):
        kind = host = ""
    stray = host or driver not in ("", "pysqlite") if kind == "sqlite" else kind not in ("postgresql", "postgres")
    if stray:
        raise ValueError("give sqlite:///PATH or postgresql://USER:PASSWORD@HOST/NAME")
    return url


def is_local(host: str) -> bool:
    """Whether a host means this machine to everybody who reads it."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ip_address(host).is_loopback or ip_address(host).is_unspecified
    except ValueError:
        return False
