"""Hosts of their own on this machine, as network namespaces: each has an address, and can be cut off from a server.

For whoever may make namespaces, which is root. What is cut off is not refused: its packets are dropped, as by a broken
switch.
"""

from __future__ import annotations

import os
import shutil
import socket
import socketserver
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Self

# Addresses that are nobody's: RFC 5737 and 2544 keep these for tests.
NETWORK = "198.18"


def permitted() -> bool:
    """Whether this process may make namespaces here, and the tools are there."""
    if os.geteuid() != 0 or not (shutil.which("ip") and shutil.which("iptables")):
        return False
    name = f"digest-try-{os.getpid()}"
    may = subprocess.run(["ip", "netns", "add", name], capture_output=True, check=False).returncode == 0
    if may:
        works = _in(name, "iptables", "-S").returncode == 0
        _ip("netns", "del", name)
        return works
    return False


class Host:
    """A host with one link to this machine, which is `gateway` from there."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.name = f"digest-{os.getpid()}-{number}"
        self.gateway, self.address = f"{NETWORK}.{number}.1", f"{NETWORK}.{number}.2"

    @contextmanager
    def up(self) -> Iterator[Host]:
        here, there = f"dg{os.getpid() % 100_000}h{self.number}", f"dg{os.getpid() % 100_000}p{self.number}"
        _ip("netns", "add", self.name)
        try:
            _ip("link", "add", here, "type", "veth", "peer", "name", there, "netns", self.name)
            _ip("addr", "add", f"{self.gateway}/24", "dev", here)
            _ip("link", "set", here, "up")
            for device in (there, "lo"):
                _ip("-n", self.name, "link", "set", device, "up")
            _ip("-n", self.name, "addr", "add", f"{self.address}/24", "dev", there)
            yield self
        finally:
            _ip("netns", "del", self.name)

    @property
    def prefix(self) -> list[str]:
        """What to put before a command that runs there."""
        return ["ip", "netns", "exec", self.name]

    def cut(self, port: int) -> None:
        """Drop whatever goes from there to a port here, and comes back."""
        self._rules("-A", port)

    def mend(self, port: int) -> None:
        self._rules("-D", port)

    def _rules(self, change: str, port: int) -> None:
        for chain, side in (("OUTPUT", "--dport"), ("INPUT", "--sport")):
            _in(self.name, "iptables", change, chain, "-p", "tcp", side, str(port), "-j", "DROP").check_returncode()


class Forwarder(socketserver.ThreadingTCPServer):
    """Lets hosts reach a server that listens on this machine's loopback or socket alone."""

    daemon_threads = True

    def __init__(self, *, port: int = 0, path: str = "") -> None:
        super().__init__(("0.0.0.0", 0), _Passage)
        self.target, self.path, self.port = port, path, int(self.server_address[1])

    def __enter__(self) -> Self:
        threading.Thread(target=self.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.shutdown()
        self.server_close()

    def connected(self) -> socket.socket:
        if not self.path:
            return socket.create_connection(("127.0.0.1", self.target))
        found = socket.socket(socket.AF_UNIX)
        found.connect(self.path)
        return found


class _Passage(socketserver.BaseRequestHandler):
    server: Forwarder
    request: socket.socket

    def handle(self) -> None:
        with suppress(OSError), self.server.connected() as far:
            back = threading.Thread(target=_pump, args=(far, self.request), daemon=True)
            back.start()
            _pump(self.request, far)
            back.join()


def _pump(source: socket.socket, sink: socket.socket) -> None:
    with suppress(OSError):
        while some := source.recv(65_536):
            sink.sendall(some)
    with suppress(OSError):
        sink.shutdown(socket.SHUT_RDWR)


def _in(name: str, *command: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(["ip", "netns", "exec", name, *command], capture_output=True, check=False)


def _ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True, capture_output=True)
