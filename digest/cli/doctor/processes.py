"""The processes of the service, by their heartbeats, and the endpoint as readers reach it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import httpx
from sqlalchemy.exc import SQLAlchemyError

from digest.bootstrap import Service
from digest.cli.doctor.findings import Finding, Health, broken, fine, warning
from digest.jobs import heartbeat
from digest.settings import Settings, urls
from digest.store import heartbeats
from digest.store.engine import StoreUnready
from digest.store.heartbeats import Heartbeat

PATIENCE_SECONDS = 5.0
UNITS = {"web": "paper-digest-web", "worker": "paper-digest-worker@1", "beat": "paper-digest-beat"}
# The lines of the Procfile, without what is only for its own surroundings.
COMMANDS = {
    "web": "uvicorn digest.web:app --no-proxy-headers",
    "worker": "python -m workers",
    "beat": "celery -A workers beat",
}
FOLDERS_OF_UNITS = ("/etc/systemd/system", "/usr/local/lib/systemd/system", "/usr/lib/systemd/system")
# One may be late by a beat; two are missed only by a process that is stuck, or gone.
FADES_AFTER = 2 * heartbeat.EVERY

Get = Callable[[str, str], httpx.Response]


def get(method: str, url: str) -> httpx.Response:
    """Ask as a reader's mail program would."""
    return httpx.request(method, url, timeout=PATIENCE_SECONDS, follow_redirects=False)


def look(service: Service, get: Get) -> Iterator[Finding]:
    yield from _alive(service)
    yield from _endpoint(service.settings, get)


def _alive(service: Service) -> Iterator[Finding]:
    now = datetime.now(UTC)
    try:
        silent, known = heartbeat.silent(service.engine, now), heartbeats.known(service.engine)
        new = heartbeat.just_started(service.engine, now)
    except (SQLAlchemyError, StoreUnready):
        return  # The database is told of elsewhere.
    # Of a service that was only ever run by hand nothing is missed.
    used = bool(known) or service.settings.env == "production"
    for process in heartbeat.PROCESSES:
        if process == heartbeat.TIMETABLE and process in silent and new:
            yield warning(process, "not yet: beat or worker started just now", "look again in two minutes")
        elif process in silent:
            yield _missing(process, silent[process], used)
        else:
            yield from _heard(process, [each for each in known if each.process == process], now)


def _missing(process: str, last: datetime | None, used: bool) -> Finding:
    since = f"not heard since {last:%Y-%m-%d %H:%M} UTC" if last else "not running"
    return Finding(process, Health.BROKEN if used else Health.WARNING, since, _start(process))


def _start(process: str) -> str:
    """How to start a process here: by its unit where that is installed."""
    if process == heartbeat.TIMETABLE:
        return "look at beat, the broker and a worker: one of them does not reach the others"
    unit = UNITS[process]
    file = f"{unit.partition('@')[0]}{'@' if '@' in unit else ''}.service"
    if any(Path(folder, file).exists() for folder in FOLDERS_OF_UNITS):
        return f"start it: `systemctl start {unit}`, and see `journalctl -u {unit}`"
    return f"start it: `{process}` of the Procfile, or `{COMMANDS[process]}`, and see its log"


def _heard(process: str, known: list[Heartbeat], now: datetime) -> Iterator[Finding]:
    """Tell those that are heard, and of the others that were heard until just now: a kill is seen by silence alone."""
    fading = [each for each in known if each.is_alive(now) and now - each.at > FADES_AFTER]
    alive = [each for each in known if each.is_alive(now) and each not in fading]
    for each in fading:
        seconds = (now - each.at).total_seconds()
        where = f" on {each.host} ({each.pid})" if each.host else ""
        said = f"one{where} fell silent {seconds:.0f} s ago"
        yield warning(process, said, "nothing, if it was stopped or restarted then" if alive else _start(process))
    if alive:
        yield fine(process, f"{len(alive)} alive, version {', '.join(sorted({each.version for each in alive}))}")
        yield from _too_many(process, alive)


def _too_many(process: str, alive: list[Heartbeat]) -> Iterator[Finding]:
    versions = {each.version for each in alive}
    if len(versions) > 1:
        yield broken(process, f"versions {' and '.join(sorted(versions))} run at once", "restart the older ones")
    if process == "beat" and len(alive) > 1:
        where = ", ".join(f"{each.host} ({each.pid})" for each in alive)
        yield warning("beat", f"{len(alive)} run, on {where}", "one is enough: stop the others")


def _endpoint(settings: Settings, get: Get) -> Iterator[Finding]:
    """Look whether the public address leads here. A development address is nobody's but ours."""
    base_url = settings.base_url
    address = httpx.URL(base_url)
    if urls.is_local(address.host):
        return
    shown = str(address.copy_with(userinfo=b""))
    try:
        answer, pressed = (get(method, f"{base_url}/healthz") for method in ("GET", "POST"))
    except httpx.HTTPError as error:
        todo = "start web and its proxy; where only outsiders may reach it, try this from outside"
        yield warning("address", f"{shown} does not answer here: {error}", todo)
        return
    if _is_ours(answer):
        yield _behind(settings, shown, answer, pressed)
        return
    todo = "let the proxy pass requests on, without the path of DIGEST_BASE_URL before them; or correct that setting"
    yield broken("address", f"{shown}/healthz is not ours: it answers {answer.status_code}", todo)


def _is_ours(answer: httpx.Response) -> bool:
    return answer.status_code == 200 and answer.text.strip() == "ok"


def _behind(settings: Settings, shown: str, answer: httpx.Response, pressed: httpx.Response) -> Finding:
    """What is behind an address that answers as we do: this installation, for mail programs' one click, too?"""
    theirs = answer.headers.get(urls.BADGE)
    if theirs and theirs != settings.badge:
        todo = "let the proxy lead here, and give all processes the same DIGEST_DATABASE_URL and DIGEST_SECRET_KEY"
        return broken("address", f"{shown} leads to another installation, or to one with other settings", todo)
    if not _is_ours(pressed):
        said = f"{shown} passes GET on, but answers {pressed.status_code} to POST: one click to unsubscribe fails"
        return broken("address", said, "let the proxy pass POST on alike: no redirect, no filter, the same path")
    return fine("address", f"{shown} leads to the endpoint")
