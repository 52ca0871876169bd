"""The kinds of mail, one row each: who may get it, in which folder it is written, what it carries and promises.

To add one: a name in `domain.Kind`, a row here, a folder in `templates/email`. See docs/architecture.md, "Add a mail".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from digest.domain import Kind, Status
from digest.links import Purpose


@dataclass(frozen=True, slots=True)
class Rule:
    """What holds for every mail of a kind.

    `statuses` are those of the readers who may get it; a mail that finds its reader elsewhere is skipped. One that is
    `on_list` bears the List-… headers and the reader's own links; the others may be read by a stranger, and have
    neither. `link` is the signed link of the delivery that it asks to follow, if any. `folders` are where it may be
    written: the first, unless the composer knows better.
    """

    statuses: frozenset[Status]
    promises: str
    folders: tuple[str, ...]
    on_list: bool = True
    link: Purpose | None = None
    has_papers: bool = False


SUBSCRIBED = frozenset({Status.ACTIVE, Status.PAUSED})

RULES: Mapping[Kind, Rule] = {
    Kind.DIGEST: Rule(
        frozenset({Status.ACTIVE}),
        "the papers of one window, picked for the reader; no paper twice",
        ("digest", "welcome", "quiet"),
        has_papers=True,
    ),
    Kind.CONFIRM: Rule(
        frozenset({Status.PENDING, Status.UNSUBSCRIBED, Status.BOUNCED}),
        "asks for a yes; repeats nothing that a stranger typed",
        ("confirm",),
        link=Purpose.CONFIRM,
    ),
    Kind.MANAGE: Rule(
        SUBSCRIBED,
        "says that the address is subscribed already, and how to change it; offers other topics that were typed",
        ("manage",),
        link=Purpose.TOPICS,
    ),
    Kind.GOODBYE: Rule(
        frozenset({Status.UNSUBSCRIBED}), "says that it is done, with a link to resubscribe; once", ("goodbye",)
    ),
    Kind.MOVE: Rule(
        SUBSCRIBED,
        "asks a new address for its yes; holds no key of the reader's",
        ("move",),
        on_list=False,
        link=Purpose.MOVE,
    ),
    Kind.MOVED: Rule(
        # The new address may be dead already; whoever left or complained is told no more.
        SUBSCRIBED | {Status.BOUNCED},
        "tells the old address where the digest goes now; holds no key of the reader's",
        ("moved",),
        on_list=False,
    ),
}
