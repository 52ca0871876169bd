"""The broker: whether it answers, and who else uses it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from redis import Redis, RedisError

from digest.bootstrap import Service
from digest.cli.doctor.findings import Finding, broken, fine, mend, warning

PATIENCE_SECONDS = 3
# Enough to see who is there; a broker that many use has millions of keys.
MOST_KEYS = 20_000
OURS = re.compile(r"(digest-[0-9a-f]{8}):")
MENDS = {
    "refused": "start Redis or Valkey, or correct DIGEST_BROKER_URL",
    "username-password": "correct the user and the password in DIGEST_BROKER_URL",
    "auth": "correct the password in DIGEST_BROKER_URL",
    "wrongpass": "correct the user and the password in DIGEST_BROKER_URL",
    "name resolution": "correct the host in DIGEST_BROKER_URL",
    "name or service": "correct the host in DIGEST_BROKER_URL",
    "timeout": "correct the host in DIGEST_BROKER_URL, or let the firewall pass",
    "timed out": "correct the host in DIGEST_BROKER_URL, or let the firewall pass",
    "wrong version number": "the port speaks no TLS: write redis:// in DIGEST_BROKER_URL",
    "certificate": "let SSL_CERT_FILE name the authority that signed the broker's certificate",
    "maxmemory": "raise maxmemory, and set maxmemory-policy noeviction: tasks must not be dropped",
    "misconf": "make room on the broker's disk: it refuses to write",
}


def look(service: Service) -> Iterator[Finding]:
    broker = service.settings.broker
    patience = {"socket_connect_timeout": PATIENCE_SECONDS, "socket_timeout": PATIENCE_SECONDS}
    try:
        with Redis.from_url(broker.client_url, decode_responses=True, **patience) as client:
            client.ping()
            others, theirs = _others(client, broker.prefix), client.get(f"{broker.prefix}:installation")
    except (RedisError, OSError) as error:
        said = " ".join(str(error).split())
        yield broken("broker", said, mend(said, MENDS, "start Redis or Valkey, or set DIGEST_BROKER_URL"))
        return
    if theirs and theirs != service.settings.installation:
        todo = "give each installation a DIGEST_BROKER_PREFIX of its own, or a broker"
        yield broken("broker", f"another installation ({theirs}) uses the prefix {broker.prefix}, too", todo)
    elif others:
        yield fine("broker", f"answers; shared with {', '.join(sorted(others))}, kept apart by the prefix")
    else:
        yield fine("broker", "answers")
    if others and any(name == "celery" for name in others):
        yield warning("broker", "a Celery without a prefix uses it, too", "see that it is not an older version of ours")


def _others(client: Redis, prefix: str) -> set[str]:
    """Who else has keys here: other installations by their prefix, and any Celery by its default queue."""
    found: set[str] = set()
    for number, key in enumerate(client.scan_iter(count=1_000)):
        if number > MOST_KEYS:
            break
        if match := OURS.match(str(key)):
            found.add(match[1])
        elif key in ("celery", "_kombu.binding.celery"):
            found.add("celery")
    return found - {prefix}
