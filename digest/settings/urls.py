"""What a setting that says where something is must look like; a ValueError says what to give. Connects to nothing."""

from __future__ import annotations

import hmac
import re
from hashlib import sha256
from ipaddress import ip_address, ip_network
from pathlib import Path
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from digest.settings.servers import BROKERS, RELAYS, Relay, several

# What ends a line, here or in a mail's header, and what no terminal shows.
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
DOMAIN = re.compile(r"[\w-]+(\.[\w-]+)*")
ADDRESS = re.compile(rf"[^\s@<>]+@{DOMAIN.pattern}")
PREFIX = re.compile(r"[\w.-]{1,60}", re.ASCII)
# RFC 1035, 2.3.4.
LONGEST_LABEL = 63
# What may stand behind the ? of a broker's URL: of these a number is wanted, and the others are words.
BROKER_NUMBERS = {"db", "virtual_host", "socket_timeout", "socket_connect_timeout", "max_connections", "protocol"}
BROKER_NUMBERS |= {"health_check_interval", "timeout"}
BROKER_WORDS = re.compile(r"ssl_[a-z_]{1,30}|client_name|username|password|socket_keepalive|retry_on_timeout")
NUMBER = re.compile(r"[0-9]{1,9}(\.[0-9]{1,9})?")
DOMAIN_RATE = re.compile(r"(?P<domain>[^=\s]{1,253})=(?P<mails>[1-9]\d{0,7})/(?P<period>[smhd])", re.ASCII)
SECONDS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}
ENCODE = "in a password write %2F for /, %23 for #, %3F for ?, %40 for @, %3A for : and %25 for %"


LONGEST_SENDER = 400


def one_line(value: str) -> str:
    if CONTROL.search(value):
        raise ValueError("take out the control characters, such as a line break or a tab")
    return value


def short(value: str) -> str:
    """Refuse what is longer than any sender: brackets in brackets are read by recursion."""
    if len(value) > LONGEST_SENDER:
        raise ValueError(f"shorten it to {LONGEST_SENDER} characters")
    return value


def one_word(value: str) -> str:
    """Refuse blanks too: urlsplit drops some of them in silence, and they would reach every header and link."""
    if " " in value or not one_line(value).isprintable():
        raise ValueError("take out the blanks and what cannot be seen")
    return value


def domain(value: str) -> str:
    if not DOMAIN.fullmatch(one_word(value)):
        raise ValueError("give a domain such as example.org")
    return value


def address(value: str) -> str:
    if not ADDRESS.fullmatch(one_word(value)):
        raise ValueError("give an address such as digest@example.org")
    return value


def server(value: str, schemes: set[str], example: str) -> str:
    parts = _split(one_word(value), example)
    if parts.scheme not in schemes or not (parts.hostname or parts.path):
        raise ValueError(f"give {example}")
    return value


def _split(url: str, example: str) -> SplitResult:
    """Take a URL apart; raise ValueError with a text that quotes none of it, for a password may be in any part."""
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018 - raises ValueError for a port that is no number
    except ValueError:
        raise ValueError(_advice(url, example)) from None
    if "@" in parts.path + parts.query + parts.fragment or "@" in (parts.hostname or ""):
        raise ValueError(_advice(url, example))
    if not _can_be_looked_up(parts.hostname or ""):
        raise ValueError(f"no host can have that name: {_advice(url, example)}")
    return parts


def _can_be_looked_up(host: str) -> bool:
    """Whether a name can be asked for at all: the libraries raise for any other, each in its own way."""
    if host.isascii() and "xn--" not in host:
        return all(0 < len(label) <= LONGEST_LABEL for label in host.removesuffix(".").split(".")) or not host
    import idna

    try:
        return bool(idna.encode(host, uts46=True))
    except idna.IDNAError:
        return False


def _advice(url: str, example: str) -> str:
    return f"give {example}; {ENCODE}" if "@" in url else f"give {example}"


def broker(value: str) -> str:
    """Check the URL of a broker, with what redis-py and Celery make of its path and its options."""
    parts = urlsplit(server(value, BROKERS, "redis://HOST:PORT/0"))
    if parts.scheme in ("redis", "rediss") and not re.fullmatch(r"/{0,2}[0-9]{0,5}", parts.path):
        raise ValueError("behind the host, give the number of a database, as in redis://HOST:PORT/0")
    for name, said in parse_qsl(parts.query, keep_blank_values=True):
        if not (NUMBER.fullmatch(said) if name in BROKER_NUMBERS else BROKER_WORDS.fullmatch(name)):
            raise ValueError("behind the ?, give options of redis-py alone, such as socket_timeout=5")
    return value


def site(value: str) -> str:
    """Check what paths are added to, and take the slash from its end."""
    parts = urlsplit(server(value, {"http", "https"}, "https://HOST"))
    if not parts.hostname or "?" in value or "#" in value:
        raise ValueError("give https://HOST or https://HOST/PATH, with nothing behind it")
    if not value.isascii() or "=" in value:
        raise ValueError("write its host in ASCII (xn--...), and in its path %XX for what is no letter, digit or sign")
    return value.rstrip("/")


def relays(value: str) -> str:
    for url in several(value):
        server(url, RELAYS, "smtp://HOST:PORT or ses://KEY:SECRET@REGION")
        Relay.at(url)
    return value


def domain_rate(value: str) -> tuple[str, int, int]:
    """Read `yahoodns.net=20/m` as a domain, and so many mails in so many seconds."""
    found = DOMAIN_RATE.fullmatch(value)
    if not found or not DOMAIN.fullmatch(found["domain"]):
        raise ValueError(
            f"give domains with mails a second, minute, hour or day, such as gmail.com=600/m, not {value!r}"
        )
    return found["domain"].casefold(), int(found["mails"]), SECONDS[found["period"]]


def prefix(value: str) -> str:
    if not PREFIX.fullmatch(value):
        raise ValueError("give letters, digits, dots, hyphens and underscores, such as papers")
    return value


def database(value: str) -> str:
    """Check the URL of a database, and name the driver we have."""
    scheme, _, rest = one_line(value).partition("://")
    kind, _, driver = scheme.partition("+")
    example = "sqlite:///PATH or postgresql://USER:PASSWORD@HOST/NAME"
    if kind == "sqlite":
        if driver not in ("", "pysqlite") or (not rest.startswith(("/", "?")) and rest):
            raise ValueError(f"give {example}")
        return value
    if kind not in ("postgresql", "postgres") or not rest:
        raise ValueError(f"give {example}")
    _split(f"postgresql://{rest}", example)
    return f"postgresql+psycopg://{rest}"


def fingerprint(database_url: str, base_url: str) -> str:
    """Tell installations apart by what is the same on all hosts of one: a file, or a database's name; and the address.

    Not by the database's host: it may be `localhost` on one machine, and a pooler's on another.
    """
    parts = urlsplit(database_url)
    is_file = parts.scheme.startswith("sqlite")
    name = str(Path(parts.path.removeprefix("/")).absolute()) if is_file else unquote(parts.path).strip("/")
    return sha256(f"{name} {base_url}".encode()).hexdigest()[:8]


# The header by which the endpoint says which installation it is of.
BADGE = "X-Paper-Digest"


def badge(installation: str, secret: str) -> str:
    """What an endpoint shows of its installation: whoever has the same settings knows it again, nobody else learns."""
    return hmac.new(secret.encode(), f"digest.badge\0{installation}".encode(), sha256).hexdigest()[:16]


def is_local(host: str) -> bool:
    """Whether a host means this machine to everybody who reads it."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ip_address(host).is_loopback or ip_address(host).is_unspecified
    except ValueError:
        return False


def is_near(host: str) -> bool:
    """Whether nobody listens on the way to a host: this machine, a container beside it, or a private network."""
    try:
        return ip_address(host).is_private
    except ValueError:
        return "." not in host or host.endswith(".localhost")


def network(value: str) -> str:
    """Check an address or a network."""
    try:
        return str(ip_network(value, strict=False))
    except ValueError:
        raise ValueError(f"give networks such as 192.0.2.0/24 or 2001:db8::/48, not {value!r}") from None
