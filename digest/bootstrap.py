"""From settings to the values that are passed inward. Built once a process, at its edge."""

from __future__ import annotations

from pathlib import Path

import httpx
import structlog

from digest.compose import Composer, Letterhead
from digest.compose.dkim import BITS, NAME, BadKey, Signer, read_key
from digest.compose.mime import ascii_domain
from digest.jobs.collection import Site
from digest.jobs.delivery import Dispatcher
from digest.links import Links
from digest.settings import BadSetting, Settings
from digest.sources import UnknownSource, by_name, fetch
from digest.transport.mailbox import Mailbox
from digest.transport.smtp import Relay, Route, SendingRate

log = structlog.get_logger()


def links(settings: Settings) -> Links:
    return Links(settings.base_url, settings.secret_key)


def composer(settings: Settings) -> Composer:
    who = settings.mail_from, settings.domain, links(settings)
    return Composer(Letterhead(*who, postal_address=settings.postal_address, signer=signer(settings)))


def signer(settings: Settings) -> Signer | None:
    """What signs the mails, if anything; raise BadSetting for a key that cannot."""
    selector, path = settings.dkim_selector, settings.dkim_private_key
    if not (selector and path):
        if selector or path:
            raise BadSetting("DIGEST_DKIM_SELECTOR and DIGEST_DKIM_PRIVATE_KEY go together: set both, or neither")
        return None
    if not NAME.fullmatch(selector):
        raise BadSetting(f"DIGEST_DKIM_SELECTOR: {selector!r} is no name in the DNS")
    try:
        key = read_key(Path(path).read_bytes())
    except OSError as error:
        raise BadSetting(f"DIGEST_DKIM_PRIVATE_KEY: cannot read {path}: {error.strerror}") from None
    except BadKey as error:
        raise BadSetting(f"DIGEST_DKIM_PRIVATE_KEY: {path} {error}; `digest dkim new` makes one") from None
    if key.key_size < BITS:
        log.warning("dkim.key_short", bits=key.key_size, wanted=BITS)
    return Signer(ascii_domain(settings.domain), selector, key)


def post(settings: Settings) -> Dispatcher:
    return Dispatcher(composer(settings), route(settings), settings.clock, settings.resend_uncertain)


def route(settings: Settings) -> Route:
    rate = SendingRate(settings.smtp_rate, settings.broker_url) if settings.smtp_rate else None
    relays = tuple(Relay.at(url) for url in settings.smtp_urls)
    return Route(relays, settings.smtp_connections, settings.smtp_mails_per_connection, rate)


def mailbox(settings: Settings) -> Mailbox | None:
    """The mailbox that mails come back to, if there is one."""
    return Mailbox.at(settings.bounce_mailbox_url) if settings.bounce_mailbox_url else None


def client(settings: Settings) -> httpx.Client:
    return fetch.client(base_url=settings.base_url, operator=settings.operator_email)


def sites(settings: Settings, only: str | None = None) -> list[Site]:
    """The sources to collect, or the only one asked for; raise BadSetting for a name that is none."""
    urls = {"huggingface": settings.huggingface_url, "arxiv": settings.arxiv_url}
    try:
        names = [only] if only else settings.sources
        sources = [by_name(name, categories=settings.arxiv_categories) for name in names]
    except UnknownSource as error:
        raise BadSetting(f"{'--source' if only else 'DIGEST_SOURCES'}: {error}") from None
    return [Site(source, urls.get(source.name, source.home)) for source in sources]
