"""Every knob of the service: type, default, one line of description. Built at the edges, passed inward as values."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from email.utils import parseaddr
from ipaddress import ip_network
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import AwareDatetime, Field, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from digest.settings import urls

DEVELOPMENT_KEY = "development-only-key"
# Too many to try, even for somebody who has mails of ours to try them on.
SHORTEST_KEY = 16
# Room on both sides for the days that are reckoned from now.
YEARS = range(1971, 9001)
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
        description="Keys that sign the links, newest first, separated by commas; old ones keep old mails working. "
        "In production each has 16 characters or more.",
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
    proxies: Words = Field(
        (),
        description="The addresses or networks of the proxies before the endpoint, separated by commas, whose "
        "X-Forwarded-For is believed; nobody's if empty.",
    )
    trusted_networks: Words = Field(
        (),
        description="Networks whose visitors may ask for a hundred times as much, separated by commas: a campus "
        "behind one address.",
    )
    metrics_token: str = Field(
        "", description="Who sends `Authorization: Bearer TOKEN` sees `/metrics`; if empty, this machine alone does."
    )
    now: AwareDatetime | None = Field(
        None,
        description="Run as if at this moment (ISO 8601 with zone): for rehearsals on captured days and for tests.",
    )

    @field_validator("secret_key", "sources", "arxiv_categories", "proxies", "trusted_networks", mode="before")
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

    @field_validator("now")
    @classmethod
    def _near(cls, value: datetime | None) -> datetime | None:
        if value and value.year not in YEARS:
            raise ValueError(f"give a moment from {YEARS[0]} to {YEARS[-1]}")
        return value

    @field_validator("database_url")
    @classmethod
    def _database(cls, value: str) -> str:
        return urls.database(value)

    @field_validator("broker_url")
    @classmethod
    def _broker(cls, value: str) -> str:
        return urls.server(value, {"redis", "rediss", "redis+socket", "unix"}, "redis://HOST:PORT/0")

    @field_validator("smtp_url")
    @classmethod
    def _relay(cls, value: str) -> str:
        return urls.relays(value)

    @field_validator("bounce_mailbox_url")
    @classmethod
    def _mailbox(cls, value: str) -> str:
        return value and urls.server(value, {"imap", "imaps", "imap+starttls"}, "imaps://USER:PASSWORD@HOST/INBOX")

    @field_validator("base_url", "huggingface_url", "arxiv_url")
    @classmethod
    def _site(cls, value: str) -> str:
        return urls.site(value)

    @field_validator("mail_from")
    @classmethod
    def _sender(cls, value: str) -> str:
        urls.address(parseaddr(urls.one_line(value))[1])
        return value

    @field_validator("mail_domain")
    @classmethod
    def _domain(cls, value: str) -> str:
        return value and urls.domain(value)

    @field_validator("operator_email")
    @classmethod
    def _operator(cls, value: str) -> str:
        return value and urls.address(value)

    @field_validator("proxies", "trusted_networks")
    @classmethod
    def _networks(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for name in value:
            try:
                ip_network(name, strict=False)
            except ValueError:
                raise ValueError(
                    f"give addresses or networks, such as 192.0.2.1 or 2001:db8::/48, not {name!r}"
                ) from None
        return value

    @field_validator("secret_key", "sources")
    @classmethod
    def _some(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if not value:
            raise ValueError("give at least one")
        return value

    @model_validator(mode="after")
    def _fit_for_production(self) -> Self:
        if self.env == "production" and (unfit := "; ".join(self._unfit())):
            raise ValueError(unfit)
        return self

    def _unfit(self) -> Iterator[str]:
        """Say what must not be as it is where mails go to strangers."""
        keys, site = self.secret_key, urlsplit(self.base_url)
        if DEVELOPMENT_KEY in keys or min(map(len, keys)) < SHORTEST_KEY:
            yield (
                f"DIGEST_SECRET_KEY: production needs keys of your own, each of {SHORTEST_KEY} characters or more, "
                "e.g. from `openssl rand -hex 32`"
            )
        if site.scheme != "https" or site.username is not None or urls.is_local(site.hostname or ""):
            yield (
                "DIGEST_BASE_URL: production needs an https:// address that every reader can reach, without user or "
                "password, because one-click unsubscribe does"
            )
        if urls.is_local(parseaddr(self.mail_from)[1].rpartition("@")[2]):
            yield "DIGEST_MAIL_FROM: production needs an address that can be answered, at a domain of yours"
        if not self.postal_address.strip():
            yield "DIGEST_POSTAL_ADDRESS: production needs the sender's postal address, the law in many places"

    @property
    def domain(self) -> str:
        return self.mail_domain or parseaddr(self.mail_from)[1].rpartition("@")[2]

    @property
    def smtp_urls(self) -> list[str]:
        return urls.several(self.smtp_url)

    @property
    def clock(self) -> Callable[[], datetime]:
        """What the time is: the fixed moment of a rehearsal, or the real one."""
        fixed = self.now
        return (lambda: fixed.astimezone(UTC)) if fixed else (lambda: datetime.now(UTC))


def load(**overrides: Any) -> Settings:  # noqa: ANN401 - each setting has a type of its own, checked by pydantic
    """Read the environment and `.env`; raise BadSetting with one clear line."""
    try:
        return Settings(**overrides)
    except (OSError, UnicodeDecodeError):
        raise BadSetting(".env: it cannot be read as text in UTF-8") from None
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
