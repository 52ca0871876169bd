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
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

import aiosmtplib
from celery import Celery
from sqlalchemy import Engine

from bench import parts
from bench.parts import ROOT
from digest import wiring
from digest.compose import opened
from digest.domain import Delivery, Mail
from digest.jobs.editions import Editions
from digest.match import select
from digest.profile import parse
from digest.settings import load
from digest.store import deliveries
from digest.store.engine import connect

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


# The plain way: a task for every reader, the standard library's message and client, a connection a mail.
plain = Celery("plain", broker=os.environ.get("DIGEST_BROKER_URL", ""))
plain.conf.update(task_ignore_result=True, task_default_queue="plain", worker_prefetch_multiplier=4)


@cache
def _engine() -> Engine:
    return connect(load().database_url)


@cache
def _found() -> Editions:
    return Editions(_engine())


@cache
def _key() -> bytes:
    return Path(os.environ["BENCH_DKIM_KEY"]).read_bytes()


@plain.task
def send_one(delivery_id: int) -> None:
    import dkim

    settings = load()
    delivery = deliveries.find(_engine(), delivery_id)
    assert delivery
    content = _message(delivery)
    signature = dkim.sign(content, b"bench", settings.domain.encode(), _key(), include_headers=None)
    relay = urlsplit(settings.smtp_url)
    with smtplib.SMTP(relay.hostname or "", relay.port or 25) as smtp:
        smtp.sendmail(settings.mail_from, [delivery.reader.email], signature + content)


def _message(delivery: Delivery) -> bytes:
    """Everything anew for each reader but the index: no card is shared, the library writes the message."""
    settings = load()
    edition = _found().gather([delivery])[delivery.id]
    wanted = delivery.reader.preferences
    chosen = select(edition.index, parse(wanted.topics), limit=wanted.most_papers)
    letter = opened(wiring.composer(settings).digest(delivery, chosen).content)
    message = EmailMessage()
    for name, value in (("From", settings.mail_from), ("To", delivery.reader.email), ("Subject", letter.subject)):
        message[name] = value
    message["Date"], message["Message-ID"] = format_datetime(delivery.due_at), make_msgid(domain=settings.domain)
    message.set_content(letter.text)
    message.add_alternative(letter.html, subtype="html")
    return message.as_bytes()


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
