"""The hooks: what a provider that sends for us tells of our mails, into the same verdicts as a mail that came back.

A provider that no setting names has no hook; a request that it did not sign changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sqlalchemy.exc import SQLAlchemyError
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from digest.bounces import Reading
from digest.bounces.webhooks import mailgun, postmark, sendgrid, ses
from digest.bounces.webhooks.payload import MOST_BYTES
from digest.domain import VerdictKind
from digest.jobs import returns
from digest.logs import get_logger
from digest.web.container import Site
from digest.web.proofs import Away

log = get_logger()
# Nearly all that a provider tells, and nothing to act on.
NO_NEWS = frozenset({VerdictKind.NONE, VerdictKind.DELAYED})


@dataclass(frozen=True, slots=True)
class Hook:
    """A provider: the setting that opens its hook, how its requests are known, and how they are read."""

    key: Callable[[Site], str]
    is_signed: Callable[[Site, Headers, bytes], bool]
    parse: Callable[[bytes], list[Reading]]


async def told(request: Request) -> Response:
    """Answer 200 when it is done; 400, 403 and 404 say what was wrong, and after 503 a provider tries again."""
    site, hook = Site.of(request), HOOKS.get(request.path_params["provider"])
    if hook is None or not hook.key(site):
        raise HTTPException(404)
    body = await _body(request)
    return await site.pools.run(site.pools.ordinary, _act, site, request, hook, body)


async def _body(request: Request) -> bytes:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MOST_BYTES:
            raise HTTPException(413)
    return bytes(body)


def _act(site: Site, request: Request, hook: Hook, body: bytes) -> Response:
    provider = request.path_params["provider"]
    try:
        readings = _believed(site, request, hook, body)
    except ValueError:
        raise HTTPException(400) from None
    except Away as error:
        log.warning("hook.unproven", provider=provider, why=str(error))
        raise HTTPException(503, headers={"Retry-After": "60"}) from None
    try:
        _take_in(site, provider, readings)
    except SQLAlchemyError:
        if provider == "mailgun":
            site.proofs.forget(mailgun.nonce(body))
        raise
    return PlainTextResponse("ok\n")


def _believed(site: Site, request: Request, hook: Hook, body: bytes) -> list[Reading]:
    """Read what a provider says. Raises ValueError for what cannot be read, and Away."""
    if not hook.is_signed(site, request.headers, body):
        log.warning("hook.refused", provider=request.path_params["provider"])
        raise HTTPException(403)
    return hook.parse(body)


def _take_in(site: Site, provider: str, readings: list[Reading]) -> None:
    for one in readings:
        if one.verdict.kind in NO_NEWS:
            continue
        taken = returns.act_on(site.engine, site.links, one, site.now())
        verdict = taken.verdict
        log.info("hook.taken", provider=provider, kind=verdict.kind, reason=verdict.reason, reader=taken.reader_id)


def _of_ses(site: Site, _headers: Headers, body: bytes) -> bool:
    topic = site.settings.ses_topic
    if not site.proofs.is_amazons(body, topic, site.now()):
        return False
    if url := ses.subscribe_url(body, topic):
        site.proofs.confirm(url)
        log.info("hook.subscribed", provider="ses")
    return True


def _of_postmark(site: Site, headers: Headers, _body: bytes) -> bool:
    name, _, password = site.settings.postmark_hook.partition(":")
    return postmark.is_signed(headers.get("authorization", ""), name, password)


def _of_sendgrid(site: Site, headers: Headers, body: bytes) -> bool:
    signature, timestamp = (headers.get(f"x-twilio-email-event-webhook-{name}", "") for name in SENDGRID)
    return sendgrid.is_signed(body, signature, timestamp, site.settings.sendgrid_hook_key, site.now())


def _of_mailgun(site: Site, _headers: Headers, body: bytes) -> bool:
    signed = mailgun.is_signed(body, site.settings.mailgun_hook_key, site.now())
    return signed and site.proofs.is_new(mailgun.nonce(body))


SENDGRID = ("signature", "timestamp")
HOOKS: Mapping[str, Hook] = {
    "ses": Hook(lambda site: site.settings.ses_topic, _of_ses, ses.parse),
    "postmark": Hook(lambda site: site.settings.postmark_hook, _of_postmark, postmark.parse),
    "sendgrid": Hook(lambda site: site.settings.sendgrid_hook_key, _of_sendgrid, sendgrid.parse),
    "mailgun": Hook(lambda site: site.settings.mailgun_hook_key, _of_mailgun, mailgun.parse),
}
