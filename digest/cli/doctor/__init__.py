"""`digest doctor`: looks at everything the service leans on, and says what to do. Sends nothing.

It changes nothing either, but for an empty SQLite file, which is given its tables as by any other command.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import timedelta
from enum import StrEnum
from ipaddress import ip_address
from urllib.parse import urlsplit

import typer
from aiosmtplib import SMTPException
from dns.resolver import Resolver
from redis import Redis, RedisError

from digest import bootstrap
from digest.bootstrap import Service
from digest.cli.commands import app_of
from digest.cli.console import Json, print_json, print_table
from digest.cli.doctor import records
from digest.compose.mime import ascii_domain
from digest.domain import EPOCH
from digest.settings import BadSetting, Settings
from digest.store import collections
from digest.store.engine import StoreUnready, ready
from digest.transport import relay as relays
from digest.transport.mailbox import MailboxAway, look_in
from digest.transport.smtp import Relay

# A weekend and a holiday bring nothing; after that, something is broken.
FRESH_FOR = timedelta(days=4)
PATIENCE_SECONDS = 3


class Health(StrEnum):
    FINE = "fine"
    WARNING = "warning"
    BROKEN = "broken"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Finding:
    """How one thing is, and what to do about it."""

    what: str
    health: Health
    said: str
    todo: str = ""


app = app_of()


@app.command()
def doctor(context: typer.Context, as_json: Json = False) -> None:
    """Check the settings, database, broker, relays, mailbox, DNS and sources. Exits 1 when something is broken."""
    service: Service = context.obj
    findings = list(examined(service, records.resolver))
    if as_json:
        print_json(map(asdict, findings))
    else:
        rows = [(one.health, one.what, "; ".join(filter(None, (one.said, one.todo)))) for one in findings]
        print_table("", ("", "What", "How it is"), rows)
    if any(one.health is Health.BROKEN for one in findings):
        raise typer.Exit(1)


def examined(service: Service, dns: Callable[[], Resolver]) -> Iterator[Finding]:
    """Look at one thing after the other; one that is broken hides no other."""
    yield from _settings(service.settings)
    yield from _database(service)
    yield _broker(service.settings)
    for relay in service.settings.relays:
        yield _relay(relay)
    yield _mailbox(service.settings)
    yield from _dns(service.settings, dns)


def _settings(settings: Settings) -> Iterator[Finding]:
    if settings.env == "production":
        yield Finding("settings", Health.FINE, "fit for production")
    else:
        yield Finding("settings", Health.WARNING, "for development", "set DIGEST_ENV=production where readers are")
    if not settings.operator_email:
        yield Finding("operator", Health.WARNING, "nobody hears of trouble", "set DIGEST_OPERATOR_EMAIL")


def _database(service: Service) -> Iterator[Finding]:
    try:
        ready(service.database)
        good = collections.last_good(service.database)
    except StoreUnready as error:
        yield Finding("database", Health.BROKEN, str(error))
        return
    yield Finding("database", Health.FINE, f"{service.database.dialect.name}, with the newest schema")
    for source in service.settings.sources:
        last = good.get(source, EPOCH)
        if service.now - last <= FRESH_FOR:
            yield Finding(source, Health.FINE, f"last collected {last:%Y-%m-%d %H:%M} UTC")
        else:
            said = f"last collected {last:%Y-%m-%d %H:%M} UTC" if last > EPOCH else "never collected"
            yield Finding(
                source, Health.WARNING, said, f"try `digest collect --source {source}`; is the clock running?"
            )


def _broker(settings: Settings) -> Finding:
    url = settings.broker_url.replace("redis+socket://", "unix://", 1)
    try:
        with Redis.from_url(url, socket_connect_timeout=PATIENCE_SECONDS, socket_timeout=PATIENCE_SECONDS) as broker:
            broker.ping()
    except (RedisError, OSError) as error:
        return Finding("broker", Health.BROKEN, str(error), "start Redis or Valkey, or set DIGEST_BROKER_URL")
    return Finding("broker", Health.FINE, "answers")


def _relay(relay: Relay) -> Finding:
    what = f"relay {relay}"
    try:
        asyncio.run(_greeted(relay))
    except (SMTPException, OSError) as error:
        return Finding(what, Health.BROKEN, " ".join(str(error).split()), "see DIGEST_SMTP_URL")
    if relay.tls or relay.starttls or _is_near(relay.host):
        return Finding(what, Health.FINE, "takes mail" + (", over TLS" if relay.tls or relay.starttls else ""))
    return Finding(what, Health.WARNING, "takes mail in the clear", "use smtps:// or smtp+starttls://")


async def _greeted(relay: Relay) -> None:
    smtp = await relays.connect(relay, relays.trusted() if relay.tls or relay.starttls else None)
    await smtp.quit()


def _is_near(host: str) -> bool:
    """Whether a host is this machine, or a container beside it: a name without a dot."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return "." not in host


def _mailbox(settings: Settings) -> Finding:
    mailbox = settings.mailbox
    if mailbox is None:
        todo = "set DIGEST_BOUNCE_MAILBOX_URL, or let the mail server pipe to `digest bounce`"
        return Finding("mailbox", Health.WARNING, "what comes back is not looked for", todo)
    try:
        waiting = look_in(mailbox)
    except MailboxAway as error:
        return Finding("mailbox", Health.BROKEN, str(error))
    return Finding("mailbox", Health.FINE, f"{waiting} waiting")


def _dns(settings: Settings, dns: Callable[[], Resolver]) -> Iterator[Finding]:
    domain = ascii_domain(settings.domain)
    host = urlsplit(settings.base_url).hostname or ""
    if "." not in domain:
        yield Finding("DNS", Health.UNKNOWN, f"{domain} is no public domain", "set DIGEST_MAIL_FROM")
        return
    try:
        found = dns()
        # A key that cannot be used is told first, whether or not a name server answers.
        yield _dkim(found, domain, settings)
        yield _spf(found, domain)
        yield _dmarc(found, domain)
        yield _returns(found, domain)
        yield _endpoint(found, host)
    except records.DnsAway as error:
        yield Finding("DNS", Health.UNKNOWN, f"no name server answers: {error}")


def _spf(dns: Resolver, domain: str) -> Finding:
    if any(text.lower().startswith("v=spf1") for text in records.texts(dns, domain)):
        return Finding("SPF", Health.FINE, f"{domain} says who may send for it")
    return Finding("SPF", Health.BROKEN, f"{domain} has no record", "publish TXT v=spf1 with your relay in it")


def _dmarc(dns: Resolver, domain: str) -> Finding:
    names = (f"_dmarc.{domain}", f"_dmarc.{'.'.join(domain.split('.')[-2:])}")
    if any(text.lower().startswith("v=dmarc1") for name in names for text in records.texts(dns, name)):
        return Finding("DMARC", Health.FINE, f"{domain} has a policy")
    todo = f'publish TXT "v=DMARC1; p=none" at {names[0]}: Gmail and Yahoo demand it from 5,000 mails a day'
    return Finding("DMARC", Health.BROKEN, f"{domain} has no policy", todo)


def _returns(dns: Resolver, domain: str) -> Finding:
    if records.takes_mail(dns, domain):
        return Finding("returns", Health.FINE, f"mail to {domain} arrives somewhere")
    return Finding("returns", Health.BROKEN, f"{domain} takes no mail, so no bounce comes back", "publish an MX record")


def _dkim(dns: Resolver, domain: str, settings: Settings) -> Finding:
    try:
        signer = bootstrap.signer(settings)
    except BadSetting as error:
        return Finding("DKIM", Health.BROKEN, str(error))
    if signer is None:
        return Finding("DKIM", Health.WARNING, "mails are not signed here", "`digest dkim new`, or let the relay sign")
    name = f"{signer.selector}._domainkey.{domain}"
    if any(records.is_published(signer, text) for text in records.texts(dns, name)):
        return Finding("DKIM", Health.FINE, f"{name} has our key")
    return Finding("DKIM", Health.BROKEN, f"{name} has not our key", "publish what `digest dkim new` printed")


def _endpoint(dns: Resolver, host: str) -> Finding:
    if "." not in host or records.is_known(dns, host):
        return Finding("endpoint", Health.FINE, f"{host} is known")
    return Finding("endpoint", Health.BROKEN, f"nobody knows {host}", "see DIGEST_BASE_URL")
