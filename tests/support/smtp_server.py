"""A real SMTP server for the outside world's part: it keeps what it is sent, and misbehaves on request."""

import asyncio
import threading

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP


class MailServer:
    """`with MailServer() as server:`, then `server.url` and `server.mails`, a list of (recipient, bytes).

    `refuse(address, reply)` answers RCPT for it so; `refuse_data(reply)` answers every message so;
    `hang_up_after_data()` closes the connection in place of the answer after the dot. While `refuse_connections`, it
    hangs up on everybody who comes.
    """

    def __init__(self):
        self.mails = []
        self.connections = 0
        self.most_at_once = 0
        self._open = 0
        self.talking = set()
        self._refused = {}
        self._data_reply = None
        self._hang_up = False
        self.refuse_connections = False
        self._lock = threading.Lock()

    def refuse(self, address, reply):
        self._refused[address] = reply

    def refuse_data(self, reply):
        self._data_reply = reply

    def hang_up_after_data(self):
        self._hang_up = True

    def behave(self):
        self._refused, self._data_reply, self._hang_up = {}, None, False

    @property
    def recipients(self):
        return [recipient for recipient, _ in self.mails]

    def __enter__(self):
        self._controller = _Controller(self)
        self._controller.start()
        self.url = f"smtp://127.0.0.1:{self._controller.port}"
        self.connections = self.most_at_once = 0
        return self

    def __exit__(self, *_):
        asyncio.run_coroutine_threadsafe(self._hang_up_on_all(), self._controller.loop).result()
        self._controller.stop()

    async def _hang_up_on_all(self):
        """A client that went a moment ago may not have been noticed yet, and aiosmtpd forgets who is still there."""
        for transport in list(self.talking):
            transport.abort()
        # Each is closed in the loop's next turn; who came in this one, in the turn after.
        for _ in range(3):
            await asyncio.sleep(0)

    async def handle_RCPT(self, server, session, envelope, address, options):
        if address in self._refused:
            return self._refused[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        if self._data_reply:
            return self._data_reply
        for recipient in envelope.rcpt_tos:
            self.mails.append((recipient, envelope.original_content))
        if self._hang_up:
            server.transport.abort()
            # The answer that aiosmtpd wants goes nowhere.
        return "250 Accepted"

    def opened(self, change):
        with self._lock:
            self._open += change
            self.connections += change > 0
            self.most_at_once = max(self.most_at_once, self._open)


class _Controller(Controller):
    """aiosmtpd on a free port, counting connections."""

    def __init__(self, server):
        self._mail_server = server
        super().__init__(server, hostname="127.0.0.1", port=0)

    def factory(self):
        return _Counting(self.handler, mail_server=self._mail_server, enable_SMTPUTF8=True)

    def _trigger_server(self):
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()


class _Counting(SMTP):
    def __init__(self, *arguments, mail_server, **named):
        super().__init__(*arguments, **named)
        self._mail_server = mail_server

    def connection_made(self, transport):
        self._mail_server.opened(+1)
        self._mail_server.talking.add(transport)
        super().connection_made(transport)
        if self._mail_server.refuse_connections:
            transport.abort()

    def connection_lost(self, error):
        self._mail_server.opened(-1)
        self._mail_server.talking.discard(self.transport)
        super().connection_lost(error)
