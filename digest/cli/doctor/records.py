"""What the DNS says of the mail domain: who may send for it, whose signature counts, where mails come back to."""

from __future__ import annotations

from dns import reversename
from dns.exception import DNSException
from dns.resolver import NXDOMAIN, NoAnswer, Resolver

from digest.compose import dkim
from digest.compose.dkim import Signer

SECONDS_FOR_AN_ANSWER = 3.0


class DnsAway(Exception):
    """No name server answers, so nobody knows."""


def resolver() -> Resolver:
    found = Resolver()
    found.lifetime = SECONDS_FOR_AN_ANSWER
    return found


def texts(dns: Resolver, name: str) -> list[str]:
    """The TXT records of a name; none where it does not exist. Raises DnsAway."""
    return ["".join(piece.decode("utf-8", "replace") for piece in record.strings) for record in _ask(dns, name, "TXT")]


def takes_mail(dns: Resolver, domain: str) -> bool:
    """Whether mails to a domain arrive anywhere (RFC 5321, section 5.1; RFC 7505). Raises DnsAway."""
    exchangers = _ask(dns, domain, "MX")
    return any(str(record.exchange) != "." for record in exchangers) if exchangers else is_known(dns, domain)


def is_known(dns: Resolver, host: str) -> bool:
    """Whether a host has an address. Raises DnsAway."""
    return bool(_ask(dns, host, "A") or _ask(dns, host, "AAAA"))


def addresses(dns: Resolver, host: str) -> list[str]:
    """The addresses of a host. Raises DnsAway."""
    return [str(record.address) for kind in ("A", "AAAA") for record in _ask(dns, host, kind)]


def names_of(dns: Resolver, address: str) -> list[str]:
    """What an address is called. Raises DnsAway."""
    return [str(record.target).rstrip(".") for record in _ask(dns, reversename.from_address(address).to_text(), "PTR")]


def is_published(signer: Signer, record: str) -> bool:
    """Whether a DKIM record has the public half of our key (RFC 6376, section 3.6.1)."""
    return _key_in(record) == _key_in("".join(dkim.record(signer.key)))


def _key_in(record: str) -> str:
    tags = dict(part.strip().partition("=")[::2] for part in record.split(";"))
    return "".join(tags.get("p", "").split())


def _ask(dns: Resolver, name: str, kind: str) -> list:  # type: ignore[type-arg]  # a record has the type of its kind
    try:
        return list(dns.resolve(name, kind))
    except (NXDOMAIN, NoAnswer):
        return []
    except DNSException as error:
        raise DnsAway(str(error)) from error
