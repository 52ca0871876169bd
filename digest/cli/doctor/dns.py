"""What the DNS says of the mail domain and the endpoint: SPF, DKIM, DMARC, where bounces come back, and an address."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

from dns.resolver import Resolver

from digest import bootstrap
from digest.bootstrap import Service
from digest.cli.doctor import records
from digest.cli.doctor.findings import Finding, broken, fine, unknown, warning
from digest.compose.mime import ascii_domain
from digest.settings import BadSetting, Settings


def look(service: Service, dns: Callable[[], Resolver]) -> Iterator[Finding]:
    settings = service.settings
    domain = ascii_domain(settings.domain)
    host = urlsplit(settings.base_url).hostname or ""
    if "." not in domain:
        yield unknown("DNS", f"{domain} is not a public domain", "set DIGEST_MAIL_FROM")
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
        yield unknown("DNS", f"no name server answers: {error}")


def _spf(dns: Resolver, domain: str) -> Finding:
    if any(text.lower().startswith("v=spf1") for text in records.texts(dns, domain)):
        return fine("SPF", f"{domain} has an SPF record")
    return broken("SPF", f"{domain} has no SPF record", "publish TXT v=spf1 with your relay in it")


def _dmarc(dns: Resolver, domain: str) -> Finding:
    """Look for a policy at the domain and, as receivers do, at each one above it, but for the topmost."""
    labels = domain.split(".")
    names = [f"_dmarc.{'.'.join(labels[start:])}" for start in range(len(labels) - 1)]
    if any(text.lower().startswith("v=dmarc1") for name in names for text in records.texts(dns, name)):
        return fine("DMARC", f"{domain} has a DMARC policy")
    todo = f'publish TXT "v=DMARC1; p=none" at {names[0]}: Gmail and Yahoo demand it from 5,000 mails a day'
    return broken("DMARC", f"{domain} has no DMARC policy", todo)


def _returns(dns: Resolver, domain: str) -> Finding:
    if records.takes_mail(dns, domain):
        return fine("returns", f"{domain} accepts mail")
    return broken("returns", f"{domain} accepts no mail, so no bounce comes back", "publish an MX record")


def _dkim(dns: Resolver, domain: str, settings: Settings) -> Finding:
    try:
        signer = bootstrap.signer(settings)
    except BadSetting as error:
        return broken("DKIM", str(error))
    if signer is None:
        return warning("DKIM", "mails are not signed here", "`digest dkim new`, or let the relay sign")
    name = f"{signer.selector}._domainkey.{domain}"
    if any(records.is_published(signer, text) for text in records.texts(dns, name)):
        return fine("DKIM", f"{name} has our key")
    return broken("DKIM", f"{name} does not have our key", "publish what `digest dkim new` printed")


def _endpoint(dns: Resolver, host: str) -> Finding:
    if "." not in host or records.is_known(dns, host):
        return fine("endpoint", f"{host} is in the DNS")
    return broken("endpoint", f"{host} is not in the DNS", "see DIGEST_BASE_URL")
