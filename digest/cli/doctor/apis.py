"""A provider's HTTP interface as a relay: whether it answers, knows us, and lets the account send. Sends nothing."""

from __future__ import annotations

import asyncio

import httpx

from digest.cli.doctor.findings import Finding, broken, fine, mend, warning
from digest.settings.servers import Relay
from digest.transport import relay as relays
from digest.transport.senders import NotBegun, Unclear
from digest.transport.ses import SesSession
from digest.transport.ses_answers import Answer, refusal

POLICY = "the user's policy must allow ses:SendEmail and ses:GetAccount"
MENDS = {
    "signaturedoesnotmatch": "correct the secret in DIGEST_SMTP_URL; in a URL write %2F for / in it",
    "requestexpired": "set this machine's clock by NTP: a signature holds for minutes",
    "invalidsignature": "correct the secret in DIGEST_SMTP_URL, and set this machine's clock by NTP",
    "invalidclienttoken": "correct the key in DIGEST_SMTP_URL: it does not exist, or was switched off",
    "unrecognizedclient": "correct the key in DIGEST_SMTP_URL: it does not exist, or was switched off",
    "name or service not known": "correct the region in DIGEST_SMTP_URL, or let this machine ask the DNS",
    "certificate": "let SSL_CERT_FILE name the authority that signed its certificate",
    "timed out": "let the firewall pass port 443 outward, or name the proxy in HTTPS_PROXY",
}
SANDBOX = "ask Amazon for production access"
CONSOLE = "see the account dashboard of Amazon SES, in that region"


def look(relay: Relay) -> Finding:
    what = f"relay {relay}"
    try:
        answer = asyncio.run(_asked(relay))
    except (NotBegun, Unclear, TimeoutError, httpx.HTTPError, OSError) as error:
        said = " ".join(str(error).split()) or type(error).__name__
        return broken(what, said, mend(said, MENDS, "let this machine reach it over HTTPS"))
    if answer.status != 200:
        said = refusal(answer)
        # A key that may send and nothing else is a good one: nobody knows more of it.
        known = answer.name in ("AccessDenied", "AccessDeniedException")
        return (warning if known else broken)(what, said, mend(said, MENDS, POLICY if known else CONSOLE))
    return _account(what, relay, answer.fields)


async def _asked(relay: Relay) -> Answer:
    session = SesSession(relay, relays.trusted())
    try:
        return await session.account()
    finally:
        await session.part()


def _account(what: str, relay: Relay, account: dict[str, object]) -> Finding:
    if account.get("SendingEnabled") is not True or account.get("EnforcementStatus") == "SHUTDOWN":
        return broken(what, "the account may not send: it is paused", CONSOLE)
    if account.get("ProductionAccessEnabled") is not True:
        return warning(
            what, "the account is in the sandbox: verified addresses alone get mail", "ask for production access"
        )
    if account.get("EnforcementStatus") == "PROBATION":
        return warning(what, "the account is under review: too much came back, or complained", CONSOLE)
    return _quota(what, relay, account.get("SendQuota"))


def _quota(what: str, relay: Relay, quota: object) -> Finding:
    given = quota if isinstance(quota, dict) else {}
    a_day, a_second, sent = (_number(given.get(name)) for name in ("Max24HourSend", "MaxSendRate", "SentLast24Hours"))
    said = (
        f"takes mail: {a_second:g} a second, {'any number' if a_day < 0 else f'{a_day:,.0f}'} a day, {sent:,.0f} sent"
    )
    if 0 < a_day <= sent:
        return broken(what, said, "its mails of a day are sent: ask for more, or add a relay")
    if a_second and (relay.rate is None or relay.rate > a_second):
        return warning(what, said, f"write ?rate={a_second:g} in DIGEST_SMTP_URL: what is faster is refused")
    return fine(what, said)


def _number(value: object) -> float:
    return float(value) if isinstance(value, (int, float)) else 0.0
