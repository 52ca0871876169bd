"""A name server that knows what a test tells it: the world outside, over real UDP."""

import socketserver
import threading
from typing import Any

from dns import flags, message, rcode, rrset
from dns.resolver import Resolver


class NameServer(socketserver.ThreadingUDPServer):
    """Answers from `records`: `(name, kind)` to the records as a zone file writes them."""

    def __init__(self, records):
        super().__init__(("127.0.0.1", 0), _Answer)
        self.records = records

    def __enter__(self):
        threading.Thread(target=self.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *error):
        self.shutdown()
        self.server_close()

    def resolver(self):
        found = Resolver(configure=False)
        found.nameservers, found.port, found.lifetime = ["127.0.0.1"], self.server_address[1], 3
        return found


class _Answer(socketserver.BaseRequestHandler):
    server: Any

    def handle(self):
        asked = message.from_wire(self.request[0])
        [question] = asked.question
        name, kind = question.name.to_text(omit_final_dot=True), question.rdtype.name
        answer = message.make_response(asked)
        answer.flags |= flags.RA
        known = self.server.records.get((name, kind), [])
        if known:
            answer.answer.append(rrset.from_text(question.name, 60, "IN", kind, *known))
        elif not any(name == other for other, _ in self.server.records):
            answer.set_rcode(rcode.NXDOMAIN)
        self.request[1].sendto(answer.to_wire(), self.client_address)
