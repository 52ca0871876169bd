"""What the service is held against: bare aiosmtplib with finished bytes, and the plain way of mailing."""

from __future__ import annotations

import argparse
import asyncio
import os
import pickle
import resource
import smtplib
import subprocess
import sys
import time
from collections import deque
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

import aiosmtplib
from celery import Celery
from sqlalchemy import Engine

from bench import parts
from bench.compose import Plain
from bench.parts import ROOT
from digest.domain import Delivery, Mail
from digest.jobs.editions import Editions
from digest.settings import Settings, load
from digest.store import ledger
from digest.store.engine import connect
from digest.topics import parse

MAILS_A_CONNECTION = 50


def bare(sample: Path, url: str, mails: int, connections: int, processes: int) -> tuple[float, float]:
    """Mails a second by nothing but aiosmtplib, with bytes finished before, and its processor milliseconds a mail."""
    ready = [_start_bare(sample, url, mails // processes, connections // processes) for _ in range(processes)]
    for process in ready:
        assert process.stdout
        process.stdout.readline()
    before = _of_children() + sum(parts.spent(process.pid) for process in ready)
    started = time.monotonic()
    for process in ready:
        assert process.stdin
        process.stdin.write(b"go\n")
        process.stdin.flush()
    for process in ready:
        process.communicate()
    seconds = time.monotonic() - started
    return mails / seconds, (_of_children() - before) / mails * 1000


def _of_children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _start_bare(sample: Path, url: str, mails: int, connections: int) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "bench.peers", str(sample), url, str(mails), str(connections)]
    return subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE)


async def _send(waiting: deque[Mail], host: str, port: int) -> None:
    while waiting:
        async with aiosmtplib.SMTP(hostname=host, port=port, start_tls=False) as smtp:
            for _ in range(min(MAILS_A_CONNECTION, len(waiting))):
                if not waiting:
                    break
                mail = waiting.popleft()
                await smtp.sendmail(mail.sender, [mail.recipient], mail.content)


async def _send_all(mails: Sequence[Mail], url: str, connections: int) -> None:
    relay, waiting = urlsplit(url), deque(mails)
    assert relay.hostname
    assert relay.port
    await asyncio.gather(*(_send(waiting, relay.hostname, relay.port) for _ in range(connections)))


# The plain way: a task for every reader, Jinja, the library's message and client, dkimpy, a connection a mail.
plain = Celery("plain", broker=os.environ.get("DIGEST_BROKER_URL", ""))
plain.conf.update(task_ignore_result=True, task_default_queue="plain", worker_prefetch_multiplier=4)


@cache
def _engine() -> Engine:
    return connect(_settings().database_url)


@cache
def _found() -> Editions:
    return Editions(_engine())


@cache
def _settings() -> Settings:
    return load()


@cache
def _way(listed: int) -> Plain:
    """What writes the mails of an edition; its templates are compiled once a process."""
    return Plain(listed, Path(_settings().dkim_private_key).read_bytes())


@plain.task  # type: ignore[untyped-decorator]  # Celery has no types
def send_one(delivery_id: int) -> None:
    settings, delivery = _settings(), ledger.find(_engine(), delivery_id)
    assert delivery
    content, relay = _message(delivery), urlsplit(settings.smtp_url)
    with smtplib.SMTP(relay.hostname or "", relay.port or 25) as smtp:
        smtp.sendmail(settings.mail_from, [delivery.reader.email], content)


def _message(delivery: Delivery) -> bytes:
    """Everything anew for each reader but the index and the templates: no card is shared."""
    edition, wanted = _found().gather([delivery])[delivery.id], delivery.preferences
    chosen = edition.matcher.select(parse(wanted.topics), limit=wanted.most_papers)
    return _way(len(edition.papers)).digest(delivery, chosen)


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench.peers", description=__doc__)
    parser.add_argument("sample", type=Path)
    parser.add_argument("url")
    parser.add_argument("mails", type=int)
    parser.add_argument("connections", type=int)
    wanted = parser.parse_args()
    sample: list[Mail] = pickle.loads(wanted.sample.read_bytes())
    mails = [sample[number % len(sample)] for number in range(wanted.mails)]
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.readline()
    asyncio.run(_send_all(mails, wanted.url, wanted.connections))


if __name__ == "__main__":
    main()
