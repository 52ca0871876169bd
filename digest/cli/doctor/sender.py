"""The host that hands mails to the world, where that is this one: receivers look up its address, and ask for its name.

Of a relay that is somebody else's they ask the same; its owner sees to that.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from ipaddress import ip_address

from dns.resolver import Resolver

from digest.bootstrap import Service
from digest.cli.doctor import records
from digest.cli.doctor.findings import Finding, broken, fine, unknown, warning
from digest.settings import urls


def look(
    service: Service, dns: Callable[[], Resolver], hostname: Callable[[], str] = socket.getfqdn
) -> Iterator[Finding]:
    if not any(urls.is_near(relay.host) for relay in service.settings.relays):
        return
    host = hostname()
    if "." not in host or urls.is_local(host):
        yield unknown("PTR", f"this host calls itself {host}, which nobody can look up", "give it its full name")
        return
    try:
        yield _reverse(dns(), host)
    except records.DnsAway as error:
        yield unknown("PTR", f"no name server answers: {error}")


def _reverse(dns: Resolver, host: str) -> Finding:
    """Whether the host's public addresses lead back to it (RFC 1912, section 2.1); Gmail refuses mail otherwise."""
    addresses = [each for each in records.addresses(dns, host) if ip_address(each).is_global]
    if not addresses:
        todo = "if the relay there sends to the world itself, give it a name with a public address"
        return warning("PTR", f"{host} has no public address in the DNS", todo)
    for address in addresses:
        names = records.names_of(dns, address)
        if not any(address in records.addresses(dns, name) for name in names):
            said = f"{address}, which {host} sends from, " + (
                f"is called {', '.join(names)}, which does not lead back to it" if names else "has no name"
            )
            return broken("PTR", said, f"ask the provider of {address} to publish PTR {host} for it")
    return fine("PTR", f"{host} and its addresses name each other")
