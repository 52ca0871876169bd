"""How often one network may ask for something. Counts in the broker, for all processes; refuses to fail with it."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from math import ceil
from typing import TypeAlias

from limits import RateLimitItem, parse
from limits.limits import RateLimitItemPerHour

from digest.readers.subscriptions import MOST_ASKED
from digest.settings.servers import Broker
from digest.store import keyed
from digest.store.mailboxes import mailbox_key
from digest.transport.rate_limiter import RateLimiter

Network: TypeAlias = IPv4Network | IPv6Network

# Enough for a reading group behind one address, too few to bomb mailboxes.
SUBSCRIPTIONS = 10
# A person tries a few topics a minute, and as they type one try a second; each costs some milliseconds.
PREVIEWS = 240
# A feed reader comes once or twice an hour for each of its feeds; a lab has many behind one address.
FEEDS = 600
# What the ledger allows to one address too, but the ledger forgets with the reader who asked.
TO_ONE_ADDRESS = parse(f"{MOST_ASKED}/day")
# One IPv6 customer has a /48 at most, and so 65,536 networks of /64: together they get as much as so many of them.
WHOLE_CUSTOMER = 4
# A network that the operator trusts, such as a campus behind one address, gets so many times as much.
TRUSTED = 100


class VisitorLimit:
    """Lets visitors in, so many an hour from one network."""

    def __init__(self, broker: Broker, an_hour: int, of: str, trusted: Sequence[Network] = ()) -> None:
        self._trusted = trusted
        self._limits = {
            times: RateLimiter(broker, RateLimitItemPerHour(an_hour * times, namespace=of), "visits")
            for times in (1, WHOLE_CUSTOMER, TRUSTED)
        }

    def wait(self, host: str | None) -> int:
        """Count one visit from this address, and return 0; or the seconds until there is room for it."""
        address = host or ""
        if any(is_in(address, network) for network in self._trusted):
            return ceil(self._limits[TRUSTED].wait(network(host)))
        waits = [self._limits[1].wait(network(host))]
        if wider := customer(host):
            waits.append(self._limits[WHOLE_CUSTOMER].wait(wider))
        return ceil(max(waits))


class AddressLimit:
    """Lets mails go to one address, so many in a while."""

    def __init__(self, broker: Broker, most: RateLimitItem, secret: str) -> None:
        self._secret = secret
        self._limit = RateLimiter(broker, most, "visits")

    def wait(self, address: str) -> int:
        """Count a mail to somebody's address, which is known by a keyed hash; or say how long until there is room."""
        return ceil(self._limit.wait(keyed.one(self._secret, "mailbox", mailbox_key(address))))


def network(host: str | None) -> str:
    """What counts as one visitor: an IPv4 address, or the /64 that one IPv6 customer has at the very least."""
    try:
        address = ip_address(host or "")
    except ValueError:
        return "unknown"
    if not isinstance(address, IPv6Address):
        return str(address)
    return str(address.ipv4_mapped or ip_network((address.packed, 64), strict=False))


def customer(host: str | None) -> str:
    """The /48 an IPv6 address is in; empty for any other address."""
    try:
        address = ip_address(host or "")
    except ValueError:
        return ""
    if not isinstance(address, IPv6Address) or address.ipv4_mapped:
        return ""
    return str(ip_network((address.packed, 48), strict=False))


def is_in(host: str, network: Network) -> bool:
    try:
        address = ip_address(host)
    except ValueError:
        return False
    if isinstance(address, IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped
    return address.version == network.version and address in network
