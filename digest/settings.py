"""Every knob of the service: type, default, one line of description. Built at the edges, passed inward as values."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from email.utils import parseaddr
from typing import Annotated, Any, Literal, Self
from urllib.parse import parse_qs, urlsplit

from pydantic import AwareDatetime, Field, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

DEVELOPMENT_KEY = "development-only-key"
PREFIX = "DIGEST_"
Words = Annotated[tuple[str, ...], NoDecode]


class BadSetting(Exception):
    """A setting that cannot be used; the text names it and says what to do."""


class Settings(BaseSettings):
    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_file=".env", extra="ignore", frozen=True, env_ignore_empty=True
    )

    env: Literal["development", "production"] = Field(
        "development", description="`production` refuses to start with development defaults."
    )
    database_url: str = Field(
        "sqlite:///var/digest.sqlite3",
        description="Where papers, readers and the ledger live: `sqlite:///…` or `postgresql://…`.",
    )
    broker_url: str = Field("redis://localhost:6379/0", description="The Redis or Valkey that hands tasks to workers.")
    smtp_url: str = Field(
        "smtp://localhost:25",
        description="The relay: `smtp://user:password@host:port`, `smtps://…` or `smtp+starttls://…`; several, "
        "separated by spaces, share the mails by their `?weight=`, 1 if not said.",
    )
    smtp_connections: int = Field(
        8, ge=1, le=500, description="Connections to the relays, open at once in all workers together."
    )
    smtp_mails_per_connection: int = Field(50, ge=1, description="Mails on one connection, before a new one is made.")
    smtp_rate: int = Field(
        0, ge=0, description="Mails a second, sent by all workers together, counted in the broker; 0 for no limit."
    )
    resend_uncertain: bool = Field(
        True,
        description="Send again, with the same bytes, a mail of which nobody knows whether it arrived; "
        "`false` leaves it at that.",
    )
    base_url: str = Field(
        "http://localhost:8000", description="The public address of the endpoint; every link in a mail begins with it."
    )
    secret_key: Words = Field(
        (DEVELOPMENT_KEY,),
        description="Keys that sign the links, newest first, separated by commas; old ones keep old mails working.",
    )
    mail_from: str = Field("Paper Digest <digest@localhost>", description="The From of every mail.")
    mail_domain: str = Field(
        "", description="The domain of Message-ID, List-Id and unsubscribe addresses; that of `MAIL_FROM` if empty."
    )
    bounce_mailbox_url: str = Field(
        "",
        description="The mailbox mails come back to, and nothing else: `imap://user:password@host:port/INBOX`, "
        "`imaps://…` or `imap+starttls://…`.",
    )
    postal_address: str = Field("", description="The sender's postal address, at the foot of every digest.")
    dkim_selector: str = Field("", description="The name in the DNS of the key that signs the mails; none if empty.")
    dkim_private_key: str = Field("", description="The file of that key, in PEM form; `digest dkim new` makes both.")
    operator_email: str = Field("", description="Whom sources may write to, and alerts do; part of the User-Agent.")
    sources: Words = Field(
        ("huggingface",), description="Which sources to collect, separated by commas: `huggingface`, `arxiv`."
    )
    huggingface_url: str = Field("https://huggingface.co", description="Where the Hugging Face source asks.")
    arxiv_url: str = Field("https://rss.arxiv.org", description="Where the arXiv source asks.")
    arxiv_categories: Words = Field(
        ("cs.AI", "cs.CL", "cs.CV", "cs.LG"), description="Which arXiv categories to collect, separated by commas."
    )
    now: AwareDatetime | None = Field(
        None,
        description="Run as if at this moment (ISO 8601 with zone): for rehearsals on captured days and for tests.",
    )

    @field_validator("secret_key", "sources", "arxiv_categories", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value

    @field_validator("now", mode="before")
    @classmethod
    def _moment(cls, value: object) -> object:
        """Take a bare date or a time without zone as UTC."""
        if not isinstance(value, str):
            return value
        moment = datetime.fromisoformat(value)
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)

    @field_validator("database_url")
    @classmethod
    def _database(cls, value: str) -> str:
        scheme, _, rest = value.partition("://")
        if scheme.partition("+")[0] not in {"sqlite", "postgresql", "postgres"}:
            raise ValueError("give sqlite:///PATH or postgresql://USER:PASSWORD@HOST/NAME")
        return value if scheme.startswith("sqlite") else f"postgresql+psycopg://{rest}"

    @field_validator("broker_url")
    @classmethod
    def _broker(cls, value: str) -> str:
        return _url(value, {"redis", "rediss", "redis+socket", "unix"}, "redis://HOST:PORT/0")

    @field_validator("smtp_url")
    @classmethod
    def _relay(cls, value: str) -> str:
        for url in _several(value):
            _url(url, {"smtp", "smtps", "smtp+starttls"}, "smtp://HOST:PORT")
            weight = parse_qs(urlsplit(url).query).get("weight", ["1"])[0]
            if not weight.isdecimal() or int(weight) < 1:
                raise ValueError("give a weight of 1 or more, as in smtp://HOST:PORT?weight=3")
        return value

    @field_validator("bounce_mailbox_url")
    @classmethod
    def _mailbox(cls, value: str) -> str:
        return value and _url(value, {"imap", "imaps", "imap+starttls"}, "imaps://USER:PASSWORD@HOST/INBOX")

    @field_validator("base_url", "huggingface_url", "arxiv_url")
    @classmethod
    def _site(cls, value: str) -> str:
        return _url(value, {"http", "https"}, "https://HOST").rstrip("/")

    @field_validator("mail_from")
    @classmethod
    def _sender(cls, value: str) -> str:
        if "@" not in parseaddr(value)[1] or any(c in value for c in "\r\n"):
            raise ValueError("give an address such as `Paper Digest <digest@example.org>`")
        return value

    @field_validator("secret_key", "sources")
    @classmethod
    def _some(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if not value:
            raise ValueError("give at least one")
        return value

    @model_validator(mode="after")
    def _fit_for_production(self) -> Self:
        if self.env == "production":
            if DEVELOPMENT_KEY in self.secret_key:
                raise ValueError(
                    "DIGEST_SECRET_KEY: set a key of your own in production, e.g. from `openssl rand -hex 32`"
                )
            if not self.base_url.startswith("https://"):
                raise ValueError(
                    "DIGEST_BASE_URL: production needs an https:// address, because one-click unsubscribe does"
                )
            if not self.postal_address:
                raise ValueError(
                    "DIGEST_POSTAL_ADDRESS: production needs the sender's postal address, the law in many places"
                )
        return self

    @property
    def domain(self) -> str:
        return self.mail_domain or parseaddr(self.mail_from)[1].rpartition("@")[2]

    @property
    def smtp_urls(self) -> list[str]:
        return _several(self.smtp_url)

    @property
    def clock(self) -> Callable[[], datetime]:
        """What the time is: the fixed moment of a rehearsal, or the real one."""
        fixed = self.now
        return (lambda: fixed.astimezone(UTC)) if fixed else (lambda: datetime.now(UTC))


def _several(value: str) -> list[str]:
    """The URLs in a setting, separated by spaces or commas; a comma within a password ends none."""
    return re.split(r"[\s,]+(?=[a-z+]+://)", value.strip().rstrip(",")) if value.strip() else [value]


def _url(value: str, schemes: set[str], example: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in schemes or not (parts.hostname or parts.path):
        raise ValueError(f"give {example}")
    parts.port  # noqa: B018 - raises ValueError for a port that is no number
    return value


def load(**overrides: Any) -> Settings:  # noqa: ANN401 - each setting has a type of its own, checked by pydantic
    """Read the environment and `.env`; raise BadSetting with one clear line."""
    try:
        return Settings(**overrides)
    except ValidationError as error:
        raise BadSetting("; ".join(_complaint(dict(item)) for item in error.errors(include_url=False))) from None


def load_or_exit(**overrides: Any) -> Settings:  # noqa: ANN401 - as in load
    """The same, for the edges of a process: say what is wrong on stderr and exit 2."""
    try:
        return load(**overrides)
    except BadSetting as error:
        sys.stderr.write(f"digest: {error}\n")
        raise SystemExit(2) from None


def _complaint(item: Mapping[str, Any]) -> str:
    text = str(item["msg"]).removeprefix("Value error, ")
    name = "".join(str(part) for part in item["loc"][:1])
    # Never repeat the value of a key or a URL with a password in it.
    return f"{PREFIX}{name.upper()}: {text}" if name else text
