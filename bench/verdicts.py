"""How well returned mails are judged: kind and recipient, on the real bounces and replies beside the project.

`python -m bench.verdicts [--shown]`: with `--shown`, messages that are judged otherwise than expected are named, of the
half alone by which the rules are chosen. The halves are told by the software that wrote the message.
"""

from __future__ import annotations

import hashlib
import json
import re
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes
from typing import Any

from flufl.bounce import all_failures

from bench import report
from bench.captures import FOLDER
from digest import bounces
from digest.domain import Verdict, VerdictKind

# What sisimai's collection calls messages that are no bounces.
NO_BOUNCE = {"feedback", "vacation", "delivered"}
# `lhost-sendmail-12.eml`: whose message it is, and not who received it or which number it has.
VENDOR = re.compile(r"(?:lhost-|rhost-)?(?P<name>.+)-\d+\.eml")


@dataclass(frozen=True, slots=True)
class Sample:
    """A real message, what is known of it, and whom flufl.bounce finds, temporarily or for good."""

    name: str
    content: bytes
    known: list[dict[str, Any]]
    temporary: frozenset[str]
    permanent: frozenset[str]

    @property
    def is_bounce(self) -> bool:
        return bool(self.known) and self.known[0]["reason"] not in NO_BOUNCE

    @property
    def chosen_by(self) -> bool:
        """Whether rules may be chosen by it; by the other half they are judged. All messages of a vendor are in one."""
        named = VENDOR.fullmatch(self.name)
        vendor = named["name"] if named else self.name
        return hashlib.sha256(vendor.encode()).digest()[0] % 2 == 0


def samples() -> Iterator[Sample]:
    known = json.loads((FOLDER / "bounces" / "expected.json").read_bytes())
    for path in sorted((FOLDER / "bounces" / "messages").glob("*.eml")):
        content = path.read_bytes()
        lines = content.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        temporary, permanent = all_failures(message_from_bytes(lines))
        yield Sample(path.name, content, known.get(path.name, []), _addresses(temporary), _addresses(permanent))


def _addresses(found: frozenset[bytes]) -> frozenset[str]:
    """The addresses among what flufl.bounce calls so: it takes a pipe, or a piece of JSON, for one too."""
    names = (one.decode().lower() for one in found)
    return frozenset(one for one in names if one.count("@") == 1 and not set(one) & set(' |"/'))


def replies() -> list[str]:
    def walk(value: Any) -> Iterator[str]:  # noqa: ANN401 - JSON
        if isinstance(value, dict) and "response" in value:
            yield value["response"]
        for one in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
            yield from walk(one)

    return [one for path in sorted(FOLDER.glob("smtp/*.json")) for one in walk(json.loads(path.read_bytes()))]


def main(shown: bool) -> None:
    report.machine()
    everything = list(samples())
    began = time.perf_counter()
    judged = {one.name: bounces.of_message(one.content) for one in everything}
    seconds = time.perf_counter() - began
    _measure([one for one in everything if one.is_bounce], everything, judged)
    report.console.print(f"{len(everything)} messages judged in {seconds:.1f} s")
    _replies()
    if shown:
        _otherwise([one for one in everything if one.is_bounce and one.chosen_by], judged)


def _measure(bounced: list[Sample], everything: list[Sample], judged: dict[str, Verdict]) -> None:
    report.heading("Real bounces (sisimai/set-of-emails)")
    hard = [
        (judged[one.name].kind is VerdictKind.HARD, one.known[0]["hardbounce"], bool(one.permanent)) for one in bounced
    ]
    named = [one for one in everything if one.temporary | one.permanent]
    found = [one for one in named if _names(judged[one.name], one.temporary | one.permanent)]
    complaints = [one for one in everything if any(known["extra"] == "abuse" for known in one.known)]
    halves = [
        (f"  in the half that {what}", _agreed([one for one in bounced if one.chosen_by is chosen_by], judged), "")
        for what, chosen_by in (("the rules are chosen by", True), ("they are judged by", False))
    ]
    rows = [
        ("hard or soft as expected", _share(sum(ours is known for ours, known, _ in hard), len(hard)), "95 %"),
        *halves,
        ("  the same, by flufl.bounce", _share(sum(theirs is known for _, known, theirs in hard), len(hard)), ""),
        ("  hard, but expected soft", _share(sum(ours and not known for ours, known, _ in hard), len(hard)), ""),
        ("recipient found, where flufl.bounce finds one", _share(len(found), len(named)), "95 %"),
        ("complaints found", _share(_kinds(complaints, judged)[VerdictKind.COMPLAINT], len(complaints)), "all"),
    ]
    report.table(("", "", "target"), rows)


def _agreed(bounced: list[Sample], judged: dict[str, Verdict]) -> str:
    agreed = [(judged[one.name].kind is VerdictKind.HARD) is one.known[0]["hardbounce"] for one in bounced]
    return _share(sum(agreed), len(agreed))


def _replies() -> None:
    report.heading("Real SMTP replies (SMTP Field Manual)")
    for title, of_reply in (("kind", lambda one: bounces.of_reply(one).kind), ("trouble", bounces.trouble_of_reply)):
        report.table((title, "replies"), Counter(of_reply(one).value for one in replies()).most_common())


def _otherwise(bounced: list[Sample], judged: dict[str, Verdict]) -> None:
    report.heading("Judged otherwise than expected")
    rows = [
        (one.name, one.known[0]["reason"], one.known[0]["hardbounce"], judged[one.name].kind, judged[one.name].reason)
        for one in bounced
        if (judged[one.name].kind is VerdictKind.HARD) is not one.known[0]["hardbounce"]
    ]
    report.table(("message", "expected", "hard", "kind", "reason"), rows)


def _names(verdict: Verdict, known: frozenset[str]) -> bool:
    return bool(known & {one.lower() for one in verdict.recipients})


def _kinds(these: list[Sample], judged: dict[str, Verdict]) -> Counter[VerdictKind]:
    return Counter(judged[one.name].kind for one in these)


def _share(part: int, whole: int) -> str:
    return f"{part} of {whole} ({part / whole:.1%})"


if __name__ == "__main__":
    main("--shown" in sys.argv)
