"""The one composition root: from settings to everything that the command line, the endpoint and the workers use.

Each part is made when it is first asked for, and imports what it is made of then: a command costs what it uses.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cached_property, partial
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from digest.links import Links
from digest.settings import BadSetting, Settings
from digest.settings.urls import domain_rate

if TYPE_CHECKING:
    import httpx
    from limits import RateLimitItem
    from sqlalchemy import Engine

    from digest.compose import Composer
    from digest.compose.dkim import Signer
    from digest.jobs.collection import Site
    from digest.jobs.delivery import Dispatcher
    from digest.jobs.retention import Terms
    from digest.jobs.throttling import Throttles
    from digest.settings.servers import Mailbox
    from digest.transport.rate_limiter import RateLimiter
    from digest.transport.smtp import Route

# Clocks of two machines that ask the same time servers differ by less than a second; windows forgive minutes.
MOST_CLOCK_SKEW = timedelta(minutes=5)
# For a lock on SQLite, while somebody waits for a command: our transactions take a second at most, and what holds one
# for longer than this is an open `sqlite3`, or a migration. A process that nobody waits for has more patience.
SECONDS_AT_A_TERMINAL = 10.0


class ClockWrong(Exception):
    """The time is not what this process takes it for; whoever plans by it sends mails on wrong days, or none."""


class Service:
    """Everything a process needs, made from its settings at first use, and closed together.

    Make it after a fork, never before: connections must not be shared. An engine that is handed in is not closed. One
    that `is_waited_for` gives up sooner on a database that is locked.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        engine: Engine | None = None,
        clock: Callable[[], datetime] | None = None,
        is_waited_for: bool = False,
    ) -> None:
        self.settings = settings
        self.clock = clock or settings.clock
        self._given, self._patience = engine, {"sqlite_patience": SECONDS_AT_A_TERMINAL} if is_waited_for else {}

    @property
    def now(self) -> datetime:
        return self.clock()

    @cached_property
    def database(self) -> Engine:
        """The store as it is, whatever its schema. Raises StoreUnready where it cannot even be named."""
        from digest.store.engine import connect

        return self._given or connect(self.settings.database_url, self.settings.secret_key, **self._patience)

    @cached_property
    def engine(self) -> Engine:
        """The store, with the newest schema. Raises StoreUnready."""
        from digest.store.engine import ready

        ready(self.database)
        return self.database

    @cached_property
    def links(self) -> Links:
        return links(self.settings)

    @cached_property
    def signer(self) -> Signer | None:
        """What signs the mails, if anything; raises BadSetting for a key that cannot."""
        return signer(self.settings)

    @cached_property
    def composer(self) -> Composer:
        return composer(self.settings, self.signer)

    @cached_property
    def route(self) -> Route:
        """How mails go out."""
        return route(self.settings)

    @cached_property
    def dispatcher(self) -> Dispatcher:
        """What it takes to send."""
        from digest.jobs.delivery import Dispatcher

        again, less = self.settings.resend_uncertain, throttles(self.settings)
        return Dispatcher(self.composer, self.route, self.clock, again, throttles=less)

    @property
    def terms(self) -> Terms:
        """For how long what is kept."""
        from digest.jobs.retention import Terms

        kept = self.settings
        days = kept.keep_mails_days, kept.keep_left_days, kept.keep_addresses_days
        return Terms(*(timedelta(days=each) for each in days))

    @property
    def mailbox(self) -> Mailbox | None:
        """The mailbox that mails come back to, if there is one."""
        return self.settings.mailbox

    @property
    def notifier(self) -> Callable[[Sequence[str]], bool] | None:
        """What tells of alerts over HTTP, and says whether it could; None where that is not set up."""
        from digest.transport.notices import notify

        hook = self.settings.alert_webhook
        return partial(notify, hook, self.settings.base_url) if hook else None

    def all_is_well(self) -> None:
        """Say so to the monitor, if there is one."""
        from digest.transport.notices import ping

        if self.settings.heartbeat_url:
            ping(self.settings.heartbeat_url)

    @cached_property
    def client(self) -> httpx.Client:
        """The only outgoing HTTP for papers, closed with the rest."""
        from digest.sources import fetch

        return fetch.client(base_url=self.settings.base_url, operator=self.settings.operator_email)

    def sources(self, only: str | None = None) -> list[Site]:
        """The sources to collect, or the only one asked for; raise BadSetting for a name that is none."""
        return sites(self.settings, only)

    def limiter(self, most: RateLimitItem, of: str) -> RateLimiter:
        """Count something in the broker, for all processes together."""
        from digest.transport.rate_limiter import RateLimiter

        return RateLimiter(self.settings.broker, most, of)

    def check_clock(self) -> None:
        """Raise ClockWrong where planning would go by a wrong time: a dry run's in production, or a machine's own."""
        fixed = self.settings.now
        if fixed and self.settings.env == "production":
            raise ClockWrong(f"DIGEST_NOW (or --now) says it is {fixed:%Y-%m-%d %H:%M}: take it out in production")
        if fixed is None and (skew := abs(self.clock_skew())) > MOST_CLOCK_SKEW:
            raise ClockWrong(
                f"this machine's clock and the database's differ by {skew.total_seconds() / 60:.0f} minutes: "
                "set both by NTP; nothing is planned until they agree"
            )

    def clock_skew(self) -> timedelta:
        """How far this machine's clock is ahead of the database's. Raises DBAPIError."""
        from digest.store.heartbeats import database_now

        return datetime.now(UTC) - database_now(self.database)

    def close(self) -> None:
        """Close what was opened here. The service may be used again after it, and opens anew."""
        made = vars(self)
        if "client" in made:
            self.client.close()
        if "database" in made and self._given is None:
            self.database.dispose()
        for name in ("client", "database", "engine"):
            with suppress(AttributeError):
                delattr(self, name)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def links(settings: Settings) -> Links:
    return Links(settings.base_url, settings.secret_key)


def composer(settings: Settings, signs: Signer | None = None) -> Composer:
    from digest.compose import Composer, Letterhead

    who = settings.mail_from, settings.domain, links(settings)
    return Composer(Letterhead(*who, postal_address=settings.postal_address, signer=signs or signer(settings)))


def signer(settings: Settings) -> Signer | None:
    """What signs the mails, if anything; raise BadSetting for a key that cannot."""
    from digest.compose.dkim import NAME, Signer
    from digest.compose.mime import ascii_domain

    selector, path = settings.dkim_selector, settings.dkim_private_key
    if not (selector and path):
        if selector or path:
            raise BadSetting("DIGEST_DKIM_SELECTOR and DIGEST_DKIM_PRIVATE_KEY go together: set both, or neither")
        return None
    if not NAME.fullmatch(selector):
        raise BadSetting(f"DIGEST_DKIM_SELECTOR: {selector!r} is not a DNS name")
    return Signer(ascii_domain(settings.domain), selector, _key(path))


def _key(path: str):  # type: ignore[no-untyped-def]  # noqa: ANN202 - cryptography's own, imported when needed
    from digest.compose.dkim import BITS, BadKey, read_key
    from digest.logs import get_logger

    try:
        key = read_key(Path(path).read_bytes())
    except PermissionError:
        raise BadSetting(
            f"DIGEST_DKIM_PRIVATE_KEY: this user may not read {path}: `chown` it to the user of the service"
        ) from None
    except OSError as error:
        raise BadSetting(
            f"DIGEST_DKIM_PRIVATE_KEY: cannot read {path}: {error.strerror}; give the whole path"
        ) from None
    except BadKey as error:
        raise BadSetting(f"DIGEST_DKIM_PRIVATE_KEY: {path} {error}; `digest dkim new` makes one") from None
    if key.key_size < BITS:
        get_logger().warning("dkim.key_short", bits=key.key_size, wanted=BITS)
    return key


def post(settings: Settings) -> Dispatcher:
    return Service(settings).dispatcher


def route(settings: Settings) -> Route:
    from digest.transport.smtp import Route

    way = Route(settings.relays, settings.smtp_connections, settings.smtp_mails_per_connection)
    limited = [one for one in settings.relays if one.rate or one.per_day or one.warmup]
    if not (settings.smtp_rate or limited):
        # What counts is not even imported: most services let mails go as fast as relays take them.
        return way
    from digest.transport.rate import RelayLimits, SendingRate

    rate = SendingRate(settings.smtp_rate, settings.broker) if settings.smtp_rate else None
    limits = {one: RelayLimits(one, settings.broker, lambda: settings.clock().date()) for one in limited}
    return replace(way, rate=rate, limits=limits)


def throttles(settings: Settings) -> Throttles:
    from digest.jobs.throttling import Throttles
    from digest.transport.providers import Providers

    given = {name: (mails, seconds) for name, mails, seconds in map(domain_rate, settings.domain_rate)}
    if not given:
        return Throttles(Providers())
    from digest.transport.rate import DomainRates

    return Throttles(Providers(), given, DomainRates(given, settings.broker).wait)


def mailbox(settings: Settings) -> Mailbox | None:
    """The mailbox that mails come back to, if there is one."""
    return settings.mailbox


def sites(settings: Settings, only: str | None = None) -> list[Site]:
    """The sources to collect, or the only one asked for; raise BadSetting for a name that is none."""
    from digest.jobs.collection import Site
    from digest.sources import UnknownSource, by_name

    urls = {"huggingface": settings.huggingface_url, "arxiv": settings.arxiv_url}
    try:
        names = [only] if only else settings.sources
        sources = [by_name(name, categories=settings.arxiv_categories) for name in names]
    except UnknownSource as error:
        raise BadSetting(f"{'--source' if only else 'DIGEST_SOURCES'}: {error}") from None
    return [Site(source, urls.get(source.name, source.home)) for source in sources]
