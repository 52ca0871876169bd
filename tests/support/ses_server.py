"""Amazon SES as a test wants it: checks each signature as Amazon documents it, and answers as told, byte for byte.

The check is written apart from the product's own signing: it goes by what stands in the request alone.
"""

import hmac
import json
import re
import socketserver
import threading
from base64 import b64decode
from contextlib import suppress
from hashlib import sha256
from urllib.parse import quote

KEY, SECRET, REGION = "AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "eu-west-1"
PROOF = re.compile(
    r"AWS4-HMAC-SHA256 Credential=(\w+)/(\d{8})/([\w-]+)/(\w+)/aws4_request, "
    r"SignedHeaders=([\w;-]+), Signature=(\w{64})"
)
WELL = {
    "SendingEnabled": True,
    "ProductionAccessEnabled": True,
    "EnforcementStatus": "HEALTHY",
    "SendQuota": {"Max24HourSend": 50000.0, "MaxSendRate": 14.0, "SentLast24Hours": 7.0},
}


def is_proven(method, path, headers, body, secret=SECRET):
    """Recompute the signature from the request as it came."""
    found = PROOF.fullmatch(headers["authorization"])
    key, day, region, service, names, signature = found.groups()
    canonical = "\n".join(
        [
            method,
            path,
            "",
            *(f"{name}:{headers[name]}" for name in names.split(";")),
            "",
            names,
            sha256(body).hexdigest(),
        ]
    )
    moment = headers["x-amz-date"]
    scope = f"{day}/{region}/{service}/aws4_request"
    text = "\n".join(["AWS4-HMAC-SHA256", moment, scope, sha256(canonical.encode()).hexdigest()])
    secret = ("AWS4" + secret).encode()
    for part in (day, region, service, "aws4_request", text):
        secret = hmac.digest(secret, part.encode(), "sha256")
    wanted = {"host", "x-amz-date"} | {"x-amz-security-token"} & headers.keys()
    covers = wanted <= set(names.split(";")) and moment.startswith(day)
    return key == KEY and covers and hmac.compare_digest(secret.hex(), signature)


def answer(status=200, fields=None, error="", body=None):
    """An answer as SES writes it."""
    said = json.dumps(fields or {}).encode() if body is None else body
    named = f"x-amzn-ErrorType: {error}\r\n" if error else ""
    return f"HTTP/1.1 {status} X\r\nContent-Length: {len(said)}\r\n{named}\r\n".encode() + said


def refusal(status, error, message="no"):
    return answer(status, {"message": message}, error)


class SesServer:
    """`with SesServer(script) as ses:`, then `ses.url` and `ses.mails`.

    `script` is asked for each mail with its recipient and the socket: None to accept it, bytes to answer, or it may
    have answered itself, which is said by `b""`, and the connection is closed.
    """

    def __init__(self, script=lambda recipient, peer: None, account=WELL, certificate=None, token=None):
        self.script, self.account, self.certificate, self.token = script, account, certificate, token
        self.asked, self.mails, self.connections = [], [], 0
        self.unproven = 0

    @property
    def url(self):
        port = self._server.server_address[1]
        where = f"https://localhost:{port}" if self.certificate else f"http://127.0.0.1:{port}"
        endpoint = quote(where, safe="")
        return f"ses://{KEY}:{quote(SECRET, safe='')}@{REGION}?endpoint={endpoint}"

    @property
    def recipients(self):
        return [recipient for recipient, _ in self.mails]

    def __enter__(self):
        ses = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self):
                ses.connections += 1
                with suppress(ConnectionError):
                    while ses._one(self.rfile, self.request):
                        pass

        class Server(socketserver.ThreadingTCPServer):
            daemon_threads, allow_reuse_address, block_on_close = True, True, False

            def get_request(self):
                peer, address = super().get_request()
                return (
                    ses.certificate.server().wrap_socket(peer, server_side=True) if ses.certificate else peer
                ), address

        self._server = Server(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(self, *error):
        self._server.shutdown()
        self._server.server_close()

    def _one(self, file, peer):
        """Take one request; say whether another may follow."""
        first = file.readline().decode().split()
        if not first:
            return False
        headers = {}
        while line := file.readline().strip():
            name, _, value = line.decode().partition(":")
            headers[name.lower()] = value.strip()
        body = file.read(int(headers.get("content-length", 0)))
        said = self._answer(first[0], first[1], headers, body, peer)
        peer.sendall(said)
        return bool(said)

    def _answer(self, method, path, headers, body, peer):
        told = headers.get("x-amz-security-token")
        if not is_proven(method, path, headers, body) or told != self.token:
            self.unproven += 1
            said = "The request signature we calculated does not match the signature you provided."
            return refusal(403, "SignatureDoesNotMatch", said)
        if path == "/v2/email/account":
            return self.account if isinstance(self.account, bytes) else answer(fields=self.account)
        asked = json.loads(body)
        self.asked.append(asked)
        [recipient] = asked["Destination"]["ToAddresses"]
        said = self.script(recipient, peer)
        if said is None:
            self.mails.append((recipient, b64decode(asked["Content"]["Raw"]["Data"])))
            return answer(fields={"MessageId": f"0102018f-{len(self.mails):06}-000000"})
        return said
