"""A relay with a script: says what it is told to, whatever it is asked, and writes down what it heard."""

import socket
import socketserver
import ssl
import threading
from contextlib import ExitStack, suppress
from datetime import timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.support.factories import NOW

HONEST = {
    "": "220 relay",
    "EHLO": "250-relay\n250-STARTTLS\n250 PIPELINING",
    "STARTTLS": "220 go ahead",
    "MAIL": "250 ok",
    "RCPT": "250 ok",
    "DATA": "354 go on",
    ".": "250 taken",
    "RSET": "250 ok",
    "QUIT": "221 bye",
}


CUT = "cut"
HEARD, LOST, UNSEEN = "heard", "lost", "unseen"


class LyingRelay:
    """`with LyingRelay(MAIL="550 no", certificate=…) as relay:`, then `relay.url` and `relay.heard`.

    `heard` has the commands that came in one piece each, those behind a mail's last dot too. `turns` counts the times
    that it had answered and waited to hear more. A script's reply may be a function of the line that asks for it; CUT
    hangs up. While `is_behind`, what it answers came right behind a last dot. What is `behind` one may be LOST on it,
    or the dot UNSEEN, as it is not what a packet ends with. One that `drips` says all byte by byte.
    """

    def __init__(self, certificate=None, *, behind=HEARD, drips=False, **script):
        self.script = HONEST | {"." if verb == "DOT" else verb: reply for verb, reply in script.items()}
        self.certificate = certificate
        self.behind = behind
        self.drips = drips
        self._connection = threading.local()
        self.heard, self.mails = [], []
        self.turns = self.replies = 0

    @property
    def is_behind(self):
        return self._connection.is_behind

    @property
    def verbs(self):
        return [line[:4].upper() for piece in self.heard for line in piece.splitlines()]

    def __enter__(self):
        relay = self

        class Handler(socketserver.BaseRequestHandler):
            def handle(self):
                with suppress(ConnectionError, ssl.SSLError), ExitStack() as opened:
                    relay._talk(self.request, opened)

        class Server(socketserver.ThreadingTCPServer):
            daemon_threads, allow_reuse_address, block_on_close = True, True, False

        self._server = Server(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()
        self.url = f"smtp://localhost:{self._server.server_address[1]}"
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._server.server_close()

    def _talk(self, connection, opened):
        unread, in_data, said = b"", False, 0
        self._connection.is_behind = False
        # It answers line by line, and would else wait for the other side's word that the one before has come.
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, True)
        self._say(connection, "")
        while piece := connection.recv(1 << 20):
            self.turns, said = self.turns + (self.replies > said), self.replies
            if not in_data:
                self.heard.append(piece.decode())
            unread, self._connection.is_behind = unread + piece, False
            while b"\r\n" in unread:
                if in_data:
                    content, dot, rest = (b"\r\n" + unread).partition(b"\r\n.\r\n")
                    if not dot or (rest and self.behind == UNSEEN):
                        break
                    unread, in_data, self._connection.is_behind = rest, False, bool(rest)
                    self.mails.append(content[2:])
                    if rest:
                        self.heard.append(rest.decode())
                    self._say(connection, ".")
                    unread = b"" if self.behind == LOST else rest
                    continue
                line, unread = unread.split(b"\r\n", 1)
                verb = line.split(b" ")[0].split(b":")[0].decode().upper()
                reply = self._say(connection, verb, line.decode())
                in_data = verb == "DATA" and reply.startswith("354")
                if verb == "STARTTLS" and reply.startswith("220") and self.certificate:
                    connection = self.certificate.server().wrap_socket(connection, server_side=True)
                    opened.enter_context(connection)
                if verb == "QUIT":
                    return

    def _say(self, connection, verb, line=""):
        reply = self.script[verb]
        reply = reply(line) if callable(reply) else reply
        self.replies += 1
        if reply == CUT:
            raise ConnectionError
        words = reply.replace("\n", "\r\n").encode() + b"\r\n"
        for piece in [words[at : at + 1] for at in range(len(words))] if self.drips else [words]:
            connection.sendall(piece)
        return reply


class Certificate:
    """A certificate for a name, signed by itself, in a file."""

    def __init__(self, folder, name):
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        certificate = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(subject)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(NOW - timedelta(days=1))
            .not_valid_after(NOW + timedelta(days=36_500))
            .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
            .sign(key, hashes.SHA256())
        )
        self.file, self._key = folder / f"{name}.pem", folder / f"{name}.key"
        self.file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        plain = serialization.NoEncryption()
        pem, form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
        self._key.write_bytes(key.private_bytes(pem, form, plain))

    def server(self):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.file, self._key)
        return context
