"""Signature Version 4 of Amazon: proves who asks, without the secret on the wire. Pure.

As its documentation has it ("Signature Version 4 signing process"): a request in canonical form, hashed, is signed
with a key that holds for one day, region and service. Refuses queries and paths that would need encoding: ours have
none.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256

ALGORITHM = "AWS4-HMAC-SHA256"


@dataclass(frozen=True, slots=True)
class Credentials:
    """Who signs, and for what: the scope of a signature is one service in one region."""

    key: str
    secret: str = field(repr=False)
    region: str
    service: str
    # Of a key that holds for hours.
    session_token: str = field(default="", repr=False)


def signed(
    method: str, path: str, headers: Mapping[str, str], body: bytes, who: Credentials, now: datetime
) -> dict[str, str]:
    """Return these headers, `Host` among them, with those that prove who asks."""
    moment = f"{now:%Y%m%dT%H%M%SZ}"
    token = {"X-Amz-Security-Token": who.session_token} if who.session_token else {}
    all_of_them = {**headers, "X-Amz-Date": moment, **token}
    names, request = _canonical(method, path, all_of_them, body)
    scope = f"{moment[:8]}/{who.region}/{who.service}/aws4_request"
    to_sign = f"{ALGORITHM}\n{moment}\n{scope}\n{sha256(request.encode()).hexdigest()}"
    signature = hmac.new(_key(who, moment[:8]), to_sign.encode(), sha256).hexdigest()
    proof = f"{ALGORITHM} Credential={who.key}/{scope}, SignedHeaders={names}, Signature={signature}"
    return {**all_of_them, "Authorization": proof}


def _canonical(method: str, path: str, headers: Mapping[str, str], body: bytes) -> tuple[str, str]:
    """The names of the headers that are signed, and the request in the form in which both sides write it."""
    lines = sorted((name.lower(), " ".join(value.split())) for name, value in headers.items())
    names = ";".join(name for name, _ in lines)
    written = "".join(f"{name}:{value}\n" for name, value in lines)
    return names, f"{method}\n{path}\n\n{written}\n{names}\n{sha256(body).hexdigest()}"


def _key(who: Credentials, day: str) -> bytes:
    key = f"AWS4{who.secret}".encode()
    for part in (day, who.region, who.service, "aws4_request"):
        key = hmac.new(key, part.encode(), sha256).digest()
    return key
