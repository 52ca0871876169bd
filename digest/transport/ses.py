"""Amazon SES over its HTTP interface (API v2, `SendEmail` with raw content): one request a mail, on a kept connection.

SES was chosen because it takes a finished message: headers and parts arrive as we wrote them, where Postmark takes
fields and writes a message of its own. But for three things, as its guide says ("Amazon SES header fields", "Manual
DKIM signing"): Date, Message-ID and Return-Path are SES's own. Our signature covers them and would be broken, so it
stays behind, and SES signs: with Easy DKIM, or with our key ("Bring your own DKIM").

Asks the network for nothing but what it is told to send; what answers mean is the affair of `ses_answers`.
"""

from __future__ import annotations

import asyncio
import json
import re
import ssl
from base64 import b64encode
from datetime import UTC, datetime
from urllib.parse import urlsplit

import httpx

from digest.domain import Mail
from digest.settings.servers import Relay
from digest.transport import relay as relays
from digest.transport.senders import NotBegun, Reply, Unclear
from digest.transport.ses_answers import Answer, reply_of
from digest.transport.sigv4 import Credentials, signed

SEND, ACCOUNT = "/v2/email/outbound-emails", "/v2/email/account"
SECONDS_TO_CONNECT = 10.0
# From the first byte of the request to the last one of its answer. Amazon's own libraries wait as long for a byte.
SECONDS_FOR_AN_ANSWER = 60.0
# An operator waits for this one.
SECONDS_FOR_THE_ACCOUNT = 10.0
# An answer is an id, or a sentence.
LONGEST_ANSWER = 65_536
OUR_SIGNATURE = re.compile(rb"(?im)^DKIM-Signature:.*\r\n(?:[ \t].*\r\n)*")
# A field holds what a To holds: a comma begins another address, `=?` an encoded word (RFC 5322, 3.4; RFC 2047).
ADDRESS = re.compile(r"""([\w!#$%&'*+/=?^`{|}~.-]+|"([^"\\\x00-\x1f\x7f]|\\[ -~])*")@[A-Za-z0-9.-]+""", re.ASCII)
# Before these nothing is sent; all that may come later leaves the mail in doubt.
UNSENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError, httpx.UnsupportedProtocol)


class SesSession:
    """One connection to SES, made with the first mail."""

    # A request is a whole mail.
    sends_ahead = False

    def __init__(self, relay: Relay, trust: ssl.SSLContext | None) -> None:
        self._relay = relay
        self._who = Credentials(relay.username or "", relay.password or "", relay.host, "ses", relay.session_token)
        self._client = httpx.AsyncClient(
            base_url=relay.endpoint,
            verify=trust or relays.trusted(),
            timeout=httpx.Timeout(SECONDS_FOR_AN_ANSWER, connect=SECONDS_TO_CONNECT),
            limits=httpx.Limits(max_connections=1),
        )
        self._recipient, self._sender, self._open = "", "", True

    @property
    def is_open(self) -> bool:
        return self._open

    async def send_envelope(self, mail: Mail) -> None:
        """Raises ValueError for an address that SES cannot be told, or would take for something else."""
        for address in (mail.sender, mail.recipient):
            if not address.isascii():
                raise ValueError(f"{address!r} needs SMTPUTF8, which Amazon SES does not offer")
            if not ADDRESS.fullmatch(address) or "=?" in address:
                raise ValueError(f"{address!r} cannot stand in a field of Amazon SES")
        self._sender, self._recipient = mail.sender, mail.recipient

    async def send_data(self, content: bytes, following: Mail | None = None) -> Reply:
        """Raises SMTPResponseException with a refusal, NotBegun, Unclear, TimeoutError, and httpx's errors."""
        asked: dict[str, object] = {
            # The From of the message stays as it is; SES's own `FromEmailAddress` would take its name away.
            "Destination": {"ToAddresses": [self._recipient]},
            "FeedbackForwardingEmailAddress": self._sender,
            "Content": {"Raw": {"Data": b64encode(unsigned(content)).decode()}},
        }
        if self._relay.configuration_set:
            asked["ConfigurationSetName"] = self._relay.configuration_set
        return reply_of(await self._ask("POST", SEND, json.dumps(asked).encode(), SECONDS_FOR_AN_ANSWER))

    async def account(self) -> Answer:
        """Ask what the account may do; sends nothing. Raises as `send_data` does, but no refusal."""
        return await self._ask("GET", ACCOUNT, b"", SECONDS_FOR_THE_ACCOUNT)

    async def part(self) -> None:
        self.close()
        await self._client.aclose()

    def close(self) -> None:
        """Use it no more. Its connection is closed by `part`."""
        self._open = False

    async def _ask(self, method: str, path: str, body: bytes, seconds: float) -> Answer:
        try:
            async with asyncio.timeout(SECONDS_TO_CONNECT + seconds):
                return await self._exchange(method, path, body)
        except UNSENT as error:
            raise NotBegun(f"cannot connect: {error}") from error
        except TimeoutError:
            raise TimeoutError("timed out waiting for an answer") from None

    async def _exchange(self, method: str, path: str, body: bytes) -> Answer:
        headers = {"Host": urlsplit(self._relay.endpoint).netloc, "Content-Type": "application/json"}
        # Amazon's time is the real one, whatever day a dry run plays.
        proven = signed(method, path, headers, body, self._who, datetime.now(UTC))
        # Read as it comes: what is packed may be a thousand times as long.
        proven["Accept-Encoding"] = "identity"
        async with self._client.stream(method, path, content=body, headers=proven) as answer:
            read = bytearray()
            async for chunk in answer.aiter_raw():
                read += chunk
                if len(read) > LONGEST_ANSWER:
                    raise Unclear("the answer has no end")
            return Answer(answer.status_code, answer.headers.get("x-amzn-errortype", ""), bytes(read))


def unsigned(content: bytes) -> bytes:
    """A mail without our signature."""
    head, blank, body = content.partition(b"\r\n\r\n")
    return OUR_SIGNATURE.sub(b"", head + b"\r\n").removesuffix(b"\r\n") + blank + body
