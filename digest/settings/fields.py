"""Every knob of the service: type, default, one line of description. Reads URLs once, into values."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parseaddr
from typing import Annotated, Literal, Self

from pydantic import AwareDatetime, Field, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from digest.settings import production, urls
from digest.settings.servers import MAILBOXES, Broker, Mailbox, Relay, several

# Room on both sides for the days that are reckoned from now.
YEARS = range(1971, 9001)
PREFIX = "DIGEST_"
Words = Annotated[tuple[str, ...], NoDecode]


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
    broker_prefix: str = Field(
        "",
        description="What the queue and all keys of ours in the broker begin with, where others use it too; made from "
        "the database and the base URL if empty, and the same on every host.",
    )
    smtp_url: str = Field(
        "smtp://localhost:25",
        description="The relay: `smtp://user:password@host:port`, `smtps://…` or `smtp+starttls://…`; several, "
        "separated by spaces, share the mails by their `?weight=`, 1 if not said. `?rate=` (a second), `?per_day=` "
        "and `?warmup=` (the day it first sent) bound each. `ses://KEY:SECRET@REGION` is Amazon SES over HTTPS.",
    )
    smtp_connections: int = Field(
        8, ge=1, le=500, description="Connections to the relays, open at once in all workers together."
    )
    smtp_mails_per_connection: int = Field(50, ge=1, description="Mails on one connection, before a new one is made.")
    smtp_rate: int = Field(
        0, ge=0, description="Mails a second, sent by all workers together, counted in the broker; 0 for no limit."
    )
    domain_rate: Words = Field(
        (),
        description="Mails that a domain gets at most, or all the domains of a provider, by the domain of its MX: "
        "`yahoodns.net=20/m,gmail.com=600/m`; a second (`s`), minute, hour or day, by all workers together.",
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
        (production.DEVELOPMENT_KEY,),
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
    ses_topic: str = Field(
        "",
        description="The ARN of the Amazon SNS topic that tells `/hooks/ses` what became of mails; no such hook if "
        "empty, as for the next three.",
    )
    postmark_hook: str = Field(
        "", description="The `name:password` that Postmark was given `https://name:password@HOST/hooks/postmark` with."
    )
    sendgrid_hook_key: str = Field("", description="The verification key of SendGrid's webhook, for `/hooks/sendgrid`.")
    mailgun_hook_key: str = Field("", description="The signing key of Mailgun's webhooks, for `/hooks/mailgun`.")
    postal_address: str = Field("", description="The sender's postal address, at the foot of every digest.")
    dkim_selector: str = Field("", description="The name in the DNS of the key that signs the mails; none if empty.")
    dkim_private_key: str = Field("", description="The file of that key, in PEM form; `digest dkim new` makes both.")
    confirmations_per_hour: int = Field(
        1000,
        ge=0,
        description="Mails to confirm that the form sends in an hour, to everybody together; 0 for no limit. More is "
        "an attack, or a very good day: visitors are asked to come back later, and the operator is told.",
    )
    operator_email: str = Field("", description="Whom sources may write to, and alerts do; part of the User-Agent.")
    alert_webhook: str = Field(
        "", description="Where all alerts are sent as JSON too (`text`, `alerts`), for when mail itself is down."
    )
    heartbeat_url: str = Field(
        "", description="An address of a monitor that is asked every five minutes while all is well."
    )
    sources: Words = Field(
        ("huggingface",),
        description="Which sources to collect, separated by commas: `huggingface`, `arxiv`, `biorxiv`, `medrxiv` "
        "(some of their subjects: `biorxiv:neuroscience+genomics`), `openreview:VENUE`, `feed:ADDRESS`.",
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
    keep_mails_days: int = Field(
        400,
        ge=120,
        le=36_500,
        description="For how many days the ledger keeps each mail; of older ones it keeps how many there were, and for "
        "each reader which papers they brought.",
    )
    keep_left_days: int = Field(
        400,
        ge=30,
        le=36_500,
        description="For how many days somebody who left, or whose address gave out, is kept; then only that they did, "
        "by a hash of the address.",
    )
    keep_addresses_days: int = Field(
        30,
        ge=14,
        le=36_500,
        description="For how many days an address is kept that a reader asked for and that never agreed, or that they "
        "left behind.",
    )
    metrics_token: str = Field(
        "", description="Who sends `Authorization: Bearer TOKEN` sees `/metrics`; if empty, this machine alone does."
    )
    now: AwareDatetime | None = Field(
        None,
        description="Run as if at this moment (ISO 8601 with zone): for dry runs on captured days and for tests.",
    )

    @field_validator(
        "secret_key", "domain_rate", "sources", "arxiv_categories", "proxies", "trusted_networks", mode="before"
    )
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
        return urls.broker(value)

    @field_validator("broker_prefix")
    @classmethod
    def _prefix(cls, value: str) -> str:
        return value and urls.prefix(value)

    @field_validator("smtp_url")
    @classmethod
    def _relay(cls, value: str) -> str:
        return urls.relays(value)

    @field_validator("domain_rate")
    @classmethod
    def _domain_rate(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for one in value:
            urls.domain_rate(one)
        return value

    @field_validator("bounce_mailbox_url")
    @classmethod
    def _mailbox(cls, value: str) -> str:
        return value and urls.server(value, MAILBOXES, "imaps://USER:PASSWORD@HOST/INBOX")

    @field_validator("alert_webhook", "heartbeat_url")
    @classmethod
    def _notice(cls, value: str) -> str:
        return value and urls.server(value, {"http", "https"}, "https://HOST/PATH")

    @field_validator("postmark_hook")
    @classmethod
    def _name_and_password(cls, value: str) -> str:
        if value and not (value.partition(":")[0] and value.partition(":")[2]):
            raise ValueError("give NAME:PASSWORD")
        return value

    @field_validator("base_url", "huggingface_url", "arxiv_url")
    @classmethod
    def _site(cls, value: str) -> str:
        return urls.site(value)

    @field_validator("mail_from")
    @classmethod
    def _sender(cls, value: str) -> str:
        urls.address(parseaddr(urls.short(urls.one_line(value)))[1])
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
        return tuple(map(urls.network, value))

    @field_validator("secret_key", "sources")
    @classmethod
    def _some(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if not value:
            raise ValueError("give at least one")
        return value

    @model_validator(mode="after")
    def _fit_for_production(self) -> Self:
        if self.env == "production" and (unfit := "; ".join(production.unfit(self))):
            raise ValueError(unfit)
        return self

    def __repr__(self) -> str:
        """Never a password or a key: this reaches tracebacks and logs."""
        return f"<Settings for {self.env}, {self.base_url}>"

    __str__ = __repr__

    @property
    def domain(self) -> str:
        return self.mail_domain or parseaddr(self.mail_from)[1].rpartition("@")[2]

    @property
    def relays(self) -> tuple[Relay, ...]:
        return tuple(Relay.at(url) for url in several(self.smtp_url))

    @property
    def mailbox(self) -> Mailbox | None:
        """The mailbox that mails come back to, if there is one."""
        return Mailbox.at(self.bounce_mailbox_url) if self.bounce_mailbox_url else None

    @property
    def broker(self) -> Broker:
        return Broker(self.broker_url, self.broker_prefix or f"digest-{self.installation}")

    @property
    def installation(self) -> str:
        """What tells this installation from others: the same on each of its hosts, whatever they call the database."""
        return urls.fingerprint(self.database_url, self.base_url)

    @property
    def badge(self) -> str:
        """What the endpoint shows of its installation."""
        return urls.badge(self.installation, self.secret_key[0])

    @property
    def clock(self) -> Callable[[], datetime]:
        """What the time is: DIGEST_NOW in a dry run, or the real time."""
        fixed = self.now
        return (lambda: fixed.astimezone(UTC)) if fixed else (lambda: datetime.now(UTC))
