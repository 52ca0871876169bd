"""What the payloads of all providers have in common: JSON of strangers, words of servers, tokens of ours."""

from __future__ import annotations

import json
from collections.abc import Iterable

from digest.bounces.addressees import addresses
from digest.bounces.outcome import Reading
from digest.bounces.reasons import judge
from digest.bounces.tokens import MOST_TOKENS, tokens_of
from digest.domain import Verdict, VerdictKind

# SES sends the header of the mail with each notice, SendGrid a thousand events at once.
MOST_BYTES, MOST_EVENTS, LONGEST_VALUE = 2_000_000, 2_000, 5_000
# The name under which a mail bears its bounce address where a provider replaces the envelope sender: a custom argument
# of SendGrid, a variable of Mailgun, the metadata of Postmark.
TOKEN_FIELD = "digest-token"

Json = dict[str, "Json"] | list["Json"] | str | int | float | bool | None


def loaded(body: bytes) -> Json:
    """Read JSON. Raises ValueError where it is none, too long, or nested without end."""
    if len(body) > MOST_BYTES:
        raise ValueError("longer than what any provider sends")
    try:
        read: Json = json.loads(body)
    except RecursionError as error:
        raise ValueError("nested too deep") from error
    return read


def within(value: Json, *names: str) -> Json:
    """The value below these names, None where there is none."""
    for name in names:
        value = value.get(name) if isinstance(value, dict) else None
    return value


def text(value: Json, *names: str) -> str:
    """The text below these names, cut to a bound; empty where there is none."""
    found = within(value, *names)
    return found[:LONGEST_VALUE] if isinstance(found, str) else ""


def each(value: Json, *names: str) -> list[Json]:
    found = within(value, *names)
    return found[:MOST_EVENTS] if isinstance(found, list) else []


def failure(words: str, status: str = "", *, permanent: bool, who: str) -> Verdict:
    """Judge a failure by the server's words; a provider that calls it temporary is believed, one without words too."""
    found = judge(words, status)
    kind, reason = found.kind, found.reason
    if not permanent and kind is VerdictKind.HARD:
        kind = VerdictKind.SOFT
    if permanent and not words.strip() and not found.status:
        kind, reason = VerdictKind.HARD, "no-such-user"
    return Verdict(kind, addresses([who]), reason, found.status)


def of_kind(kind: VerdictKind, reason: str, who: str) -> Verdict:
    return Verdict(kind, addresses([who]), reason)


def reading(verdict: Verdict, said: Iterable[str], message_ids: Iterable[str] = ()) -> Reading:
    """A verdict beside the tokens in what the provider says of our own mail, never in what others said."""
    texts = [*said, *(f"<{one.strip().strip('<>')}" for one in message_ids)][:MOST_TOKENS]
    return Reading(verdict, *tokens_of(texts))
