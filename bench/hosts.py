"""Deliveries by two hosts that lose each other: every mail once, and nothing waits for ever.

`python -m bench.hosts` (as root) makes two hosts with addresses of their own, a worker and a clock on each; cuts one
off from Redis, the other from PostgreSQL while it sends, and kills the first. Exit 1 if a promise was broken, 3
where no namespaces can be made.
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from functools import partial
from pathlib import Path

from sqlalchemy import URL, Engine, make_url

from bench import captures, networks, parts, readers
from bench.chaos import A_MINUTE, START, Chaos, promises, say
from bench.networks import Forwarder, Host
from digest.store.engine import connect

NO_NAMESPACES = 3
CONNECTIONS = "4"
# Longer than a connection to the database may be silent, so that it is given up and made anew.
SILENCE_SECONDS = 6.0
GIVEN_UP_AFTER_MS = 2_000


class Servers:
    """What both hosts use, each as it is reached from there."""

    def __init__(self, database: Forwarder, broker: Forwarder, relay: Forwarder, name: str) -> None:
        self.database, self.broker, self.relay, self.name = database, broker, relay, name

    def seen_from(self, host: Host) -> dict[str, str]:
        impatient = f"connect_timeout=2&tcp_user_timeout={GIVEN_UP_AFTER_MS}"
        return {
            "DIGEST_DATABASE_URL": f"postgresql+psycopg://postgres@{host.gateway}:{self.database.port}/{self.name}?{impatient}",
            "DIGEST_BROKER_URL": f"redis://{host.gateway}:{self.broker.port}/0",
            "DIGEST_SMTP_URL": f"smtp://{host.gateway}:{self.relay.port}",
        }


class Hosts(Chaos):
    """The same service, its workers and clocks on two hosts."""

    def __init__(
        self, engine: Engine, folder: Path, environment: dict[str, str], servers: Servers, hosts: list[Host]
    ) -> None:
        super().__init__(engine, folder, environment, seed=1)
        self.servers, self.hosts = servers, hosts
        self._started = 0

    def _start(self, *arguments: str) -> subprocess.Popen[bytes]:
        """Start a process on the next host in turn."""
        host = self.hosts[self._started % len(self.hosts)]
        self._started += 1
        environment = self.environment | self.servers.seen_from(host)
        command = [*host.prefix, sys.executable, "-m", "celery", "-A", "bench.leaps", *arguments]
        if arguments[0] == "worker":
            command += ["--hostname", f"worker@{host.name}"]
        with (self.folder / "service.log").open("ab") as out:
            return subprocess.Popen(
                command, cwd=parts.ROOT, env=os.environ | environment, stdout=out, stderr=out, start_new_session=True
            )

    def kill_host(self, place: int) -> None:
        """End everything on a host, as if its power had gone; nothing of it comes back."""
        for process in (self.workers[place], self.beats[place]):
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        self.in_flight.update(self._unwritten())

    def cut_for(self, place: int, server: Forwarder, seconds: float) -> None:
        self.hosts[place].cut(server.port)
        time.sleep(seconds)
        # What was sent meanwhile and could not be written down may go again.
        self.in_flight.update(self._unwritten())
        self.hosts[place].mend(server.port)


def part(count: int, seconds: float) -> bool:
    """Let two hosts lose the broker, the database, and one of them everything; say what became of the promises."""
    with ExitStack() as stack:
        postgres, broker = stack.enter_context(parts.postgres()), stack.enter_context(parts.broker())
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        (folder / "relay.log").touch()
        url, _ = stack.enter_context(parts.sink("--log", str(folder / "relay.log"), "--delay-ms", "20"))
        database = make_url(postgres.database("hosts"))
        engine = connect(database.render_as_string(hide_password=False))
        servers = Servers(
            stack.enter_context(_towards(database)),
            stack.enter_context(Forwarder(port=int(make_url(broker).port or 0))),
            stack.enter_context(Forwarder(port=int(make_url(url).port or 0))),
            str(database.database),
        )
        hosts = [stack.enter_context(Host(number).up()) for number in (1, 2)]
        readers.collect(engine, captures.sample_day(), START - A_MINUTE)
        readers.subscribe(engine, count, readers.BROAD, START - A_MINUTE, cadence="weekly")
        environment = {"DIGEST_SMTP_CONNECTIONS": CONNECTIONS, "BENCH_CLOCK": str(folder / "clock")}
        running = Hosts(engine, folder, environment, servers, hosts)
        running.clock.start(START)
        return _kept(running, count, seconds)


def _towards(database: URL) -> Forwarder:
    """PostgreSQL listens on a socket in a folder, or on a port."""
    folder, port = database.query.get("host"), database.port or 5432
    return Forwarder(path=f"{folder}/.s.PGSQL.{port}") if folder else Forwarder(port=port)


def _kept(running: Hosts, count: int, seconds: float) -> bool:
    began = time.monotonic()
    with running.running():
        parts.wait_until(partial(running.has_come_to, count // 8), seconds, "the first mails")
        say("  the first host is cut off from Redis")
        running.hosts[0].cut(running.servers.broker.port)
        parts.wait_until(partial(running.has_come_to, count // 4), seconds, "a quarter")
        say(f"  the second host is cut off from PostgreSQL for {SILENCE_SECONDS:.0f} s")
        running.cut_for(1, running.servers.database, SILENCE_SECONDS)
        running.hosts[0].mend(running.servers.broker.port)
        parts.wait_until(partial(running.has_come_to, count // 2), seconds, "half")
        say("  the first host is killed, worker and clock")
        running.kill_host(0)
        parts.wait_until(running.is_over, seconds, "the end of the run")
        say(f"over by itself after {time.monotonic() - began:.0f} s")
        running.workers, running.beats = running.workers[1:], running.beats[1:]
    kept = list(promises(running, count))
    for well, what in kept:
        say(f"  {'kept  ' if well else 'BROKEN'} {what}")
    if not all(well for well, _ in kept):
        say((running.folder / "service.log").read_text()[-4_000:])
    return all(well for well, _ in kept)


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench.hosts", description=__doc__)
    parser.add_argument("--deliveries", type=int, default=4_000)
    parser.add_argument("--seconds", type=float, default=300, help="when to give up waiting for a step")
    wanted = parser.parse_args()
    if not networks.permitted():
        say("no namespaces can be made here: run it as root, with iproute2 and iptables")
        sys.exit(NO_NAMESPACES)
    sys.exit(0 if part(wanted.deliveries, wanted.seconds) else 1)


if __name__ == "__main__":
    main()
