"""A relay that remembers which papers each mail had, and for whom; when told to, it refuses, or keeps all waiting."""

from __future__ import annotations

import asyncio
import re
from email import message_from_bytes, policy
from typing import Any, Self

from aiosmtpd.controller import Controller

from digest.cli.demo.processes import free_port

PAPER = re.compile(r"/(?:papers|abs)/(\d{4}\.\d{5})\b")


class Relay:
    """`with Relay() as relay:`, then `relay.url`, and `relay.taken()` after each round."""

    def __init__(self) -> None:
        self.refuses = self.holds = False
        # How many wait for an answer while it holds.
        self.waiting = 0
        self._taken: list[tuple[str, frozenset[str]]] = []

    def __enter__(self) -> Self:
        self._controller = Controller(self, hostname="127.0.0.1", port=free_port(0))
        self._controller.start()
        self.url = f"smtp://127.0.0.1:{self._controller.port}"
        return self

    def __exit__(self, *_: object) -> None:
        self._controller.stop()

    def let_go(self) -> None:
        """Answer again. Who hung up meanwhile is not answered."""
        self.holds, self.waiting = False, 0

    def taken(self) -> list[tuple[str, frozenset[str]]]:
        """What arrived since the last look: for whom, with which papers."""
        arrived, self._taken = self._taken, []
        return arrived

    async def handle_MAIL(self, _server: Any, _session: Any, envelope: Any, address: str, options: list[str]) -> str:  # noqa: ANN401, N802 - aiosmtpd's own
        if self.holds:
            self.waiting += 1
        while self.holds:
            await asyncio.sleep(0.02)
        if self.refuses:
            return "450 4.3.2 system not accepting network messages"
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 OK"

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: ANN401, N802 - aiosmtpd's own
        message = message_from_bytes(envelope.content, policy=policy.default)
        written = message.get_body(("plain",))
        ids = frozenset(PAPER.findall(written.get_content())) if written else frozenset()
        self._taken += [(recipient, ids) for recipient in envelope.rcpt_tos]
        return "250 Accepted"
