"""What the URLs in the settings name, as values: relays, the mailbox, the broker. Connects to nothing."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

# Relays that are a provider's HTTP interface: who signs in is in the URL, and its host is a region of theirs.
APIS = {"ses"}
RELAYS = {"smtp", "smtps", "smtp+starttls"} | APIS
MAILBOXES = {"imap", "imaps", "imap+starttls"}
BROKERS = {"redis", "rediss", "redis+socket", "unix"}
IMAP_PORT, IMAPS_PORT = 143, 993
REGION = re.compile(r"[a-z]{2,8}(-[a-z]{2,12}){1,3}-\d{1,2}")
CONFIGURATION_SET = re.compile(r"[\w-]{1,64}", re.ASCII)
SESSION_TOKEN = re.compile(r"[\w+/=-]{16,4096}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Relay:
    """One relay: `smtp` in the clear, `smtps`, or `smtp+starttls`, which demands an upgrade; or a provider's `api`.

    Of several, each gets its `weight`'s share of the connections. `rate` is in mails a second and `per_day` in mails
    a day, None for no limit; `warmup` is the day on which a new address began to send, and may do little.
    """

    host: str
    port: int | None = None
    username: str | None = None
    password: str | None = None
    tls: bool = False
    starttls: bool = False
    weight: int = 1
    rate: float | None = None
    per_day: int | None = None
    warmup: date | None = None
    # Of a provider: what it is called in a URL, where it answers if not where it always does, and its settings to use.
    api: str = ""
    endpoint: str = ""
    configuration_set: str = ""
    # Of a key that holds for hours.
    session_token: str = ""

    @classmethod
    def at(cls, url: str) -> Relay:
        """Read a URL; raise ValueError for an option that is none, or has no such value."""
        parts = urlsplit(url)
        username, password = (unquote(part) if part else None for part in (parts.username, parts.password))
        if parts.scheme in APIS:
            return cls._of_ses(parts.hostname or "", username, password, parts.query)
        tls, starttls = parts.scheme == "smtps", parts.scheme == "smtp+starttls"
        options = _options(parts.query, OPTIONS)
        return cls(parts.hostname or "localhost", parts.port, username, password, tls, starttls, **options)

    @classmethod
    def _of_ses(cls, region: str, key: str | None, secret: str | None, query: str) -> Relay:
        if not (REGION.fullmatch(region) and key and secret):
            raise ValueError("give ses://KEY:SECRET@REGION, such as eu-west-1; in the secret write %2F for /")
        options = {"endpoint": f"https://email.{region}.amazonaws.com"} | _options(query, {**OPTIONS, **OF_AN_API})
        tls = options["endpoint"].startswith("https://")
        return cls(region, None, key, secret, tls, api="ses", **options)

    @property
    def in_the_clear(self) -> bool:
        return not (self.tls or self.starttls)

    @property
    def reached_at(self) -> str:
        """The host that is connected to."""
        return urlsplit(self.endpoint).hostname or "" if self.api else self.host

    def __str__(self) -> str:
        return f"{self.api}:{self.host}" if self.api else f"{self.host}:{self.port or 'default port'}"

    def __repr__(self) -> str:
        """Never the password: this reaches tracebacks and logs."""
        return f"<Relay {self}>"


@dataclass(frozen=True, slots=True)
class Mailbox:
    """Where mails come back to: `imap` in the clear, `imaps`, or `imap+starttls`, which demands an upgrade."""

    host: str
    port: int
    username: str
    password: str
    folder: str = "INBOX"
    tls: bool = False
    starttls: bool = False

    @classmethod
    def at(cls, url: str) -> Mailbox:
        parts = urlsplit(url)
        tls, starttls = parts.scheme == "imaps", parts.scheme == "imap+starttls"
        username, password = unquote(parts.username or ""), unquote(parts.password or "")
        port = parts.port or (IMAPS_PORT if tls else IMAP_PORT)
        folder = unquote(parts.path.strip("/")) or "INBOX"
        return cls(parts.hostname or "localhost", port, username, password, folder, tls, starttls)

    @property
    def in_the_clear(self) -> bool:
        return not (self.tls or self.starttls)

    def __str__(self) -> str:
        return f"{self.folder} at {self.host}:{self.port}"

    def __repr__(self) -> str:
        """Never the password: this reaches tracebacks and logs."""
        return f"<Mailbox {self}>"


@dataclass(frozen=True)
class Broker:
    """The Redis or Valkey that hands tasks to workers, and the prefix of every key of ours on it."""

    url: str
    prefix: str

    @cached_property
    def client_url(self) -> str:
        """The URL as redis-py writes it: Celery says redis+socket:// where the client says unix://."""
        return self.url.replace("redis+socket://", "unix://", 1)

    def __str__(self) -> str:
        parts = urlsplit(self.url)
        return f"{parts.hostname}:{parts.port or 6379}" if parts.hostname else parts.path

    def __repr__(self) -> str:
        """Never the password: this reaches tracebacks and logs."""
        return f"<Broker {self}>"


def several(value: str) -> list[str]:
    """The URLs in a setting, separated by spaces or commas; a comma within a password ends none."""
    # What is between is looked at once, however much it is.
    return re.split(r"(?<![\s,])[\s,]++(?=[a-z+]++://)", value.strip().rstrip(", ")) if value.strip() else [value]


def _options(query: str, known: Mapping[str, Callable[[str], object]]) -> dict[str, Any]:
    given = dict(parse_qsl(query, keep_blank_values=True))
    if unknown := sorted(given.keys() - known.keys()):
        raise ValueError(f"{unknown[0]!r} is not an option of a relay; there are {', '.join(known)}")
    return {name: known[name](text) for name, text in given.items()}


def _number(name: str, text: str, example: str, of: type[float]) -> float:
    try:
        number = of(text)
    except ValueError:
        number = of(0)
    # Whatever is no number is no limit either: nan and inf are refused, too.
    if not 0 < number < 1e9:
        raise ValueError(f"give a {name} such as ?{name}={example}")
    return number


def _weight(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise ValueError("give a weight of 1 or more, as in smtp://HOST:PORT?weight=3")
    return int(text)


def _rate(text: str) -> float:
    return _number("rate", text, "14 (mails a second)", float)


def _per_day(text: str) -> int:
    return int(_number("per_day", text, "50000 (mails a day)", int))


def _warmup(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ValueError("give the day the relay first sent for you, as in ?warmup=2026-11-26") from None


def _endpoint(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.path.strip("/") or parts.query:
        raise ValueError("give where the provider answers, as in ?endpoint=https://HOST")
    return text.rstrip("/")


def _configuration_set(text: str) -> str:
    if not CONFIGURATION_SET.fullmatch(text):
        raise ValueError("give the name of a configuration set: letters, digits, hyphens and underscores")
    return text


def _session_token(text: str) -> str:
    # What reads a query takes its `+` for blanks, of which a token has none.
    token = text.replace(" ", "+")
    if not SESSION_TOKEN.fullmatch(token):
        # Never what was given.
        raise ValueError("give the session token that came with the key, as in ?session_token=TOKEN")
    return token


OPTIONS: Mapping[str, Callable[[str], object]] = {
    "weight": _weight,
    "rate": _rate,
    "per_day": _per_day,
    "warmup": _warmup,
}
OF_AN_API: Mapping[str, Callable[[str], object]] = {
    "endpoint": _endpoint,
    "configuration_set": _configuration_set,
    "session_token": _session_token,
}
