"""What was chosen for a reader, and why."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from digest.domain.papers import Paper
from digest.domain.readers import Mute

LIKED, DISLIKED, RELATED = "liked", "disliked", "related"
VOTES = LIKED, DISLIKED


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a paper was picked: `topic` as the reader wrote it matched `words` in `field`.

    `field` is `title`, `abstract`, `keywords`, `author`, `organization`, … or `trending`, where the topic is empty.
    `related` says that a paper matches no topic and shares `words` with those that match this one; `liked` and
    `disliked` have a word that the reader liked, or did not, in `count` papers, and no topic.
    `spans` are half-open character offsets into that field's text (title and abstract only).
    """

    topic: str
    field: str
    words: tuple[str, ...] = ()
    spans: tuple[tuple[int, int], ...] = ()
    count: int = 0

    @property
    def is_vote(self) -> bool:
        """Whether it says where a paper stands, and not why it is there at all."""
        return self.field in VOTES


@dataclass(frozen=True, slots=True)
class Pick:
    """A paper chosen for a reader. `snippet` is the half-open stretch of the abstract worth showing."""

    paper: Paper
    score: float
    reasons: tuple[Reason, ...]
    snippet: tuple[int, int] = (0, 0)

    def __hash__(self) -> int:
        # Picks are looked up often and hold long texts; two of one paper seldom have the same score.
        return hash((self.paper.id, self.score))


@dataclass(frozen=True, slots=True)
class Selection:
    """The picks for one profile, best first, and how many more papers fitted.

    `related` are near the picks and match no topic: they are shown apart, and never counted as found.
    `unfinished` are topics, as written, that would have cost too much work: they found nothing.
    """

    picks: tuple[Pick, ...] = ()
    more: int = 0
    related: tuple[Pick, ...] = ()
    unfinished: tuple[str, ...] = ()

    def beside(self, *, first: bool, called: str) -> Beside:
        """What has to be known, beside the picks, to write the same again."""
        moved = [reason for pick in self.picks for reason in pick.reasons if reason.field in VOTES]
        votes = {reason.words[0]: reason.count if reason.field == LIKED else -reason.count for reason in moved}
        related = tuple([(pick.paper.id, pick.reasons[0]) for pick in self.related])
        return Beside(tuple(sorted(votes.items())), related, self.more, first, called=called)


@dataclass(frozen=True, slots=True)
class Quiet:
    """What a note that nothing came may say: how many papers were `listed` since a day, when one matched last, and
    broader topics; empty where not known. `muted`: all that is followed rests, each until a day.
    """

    listed: int = 0
    since: date | None = None
    last_match: date | None = None
    broader: tuple[str, ...] = ()
    muted: tuple[Mute, ...] = ()


@dataclass(frozen=True, slots=True)
class Beside:
    """What a mail was written with beside its picks, and what could be otherwise when it is sent again.

    Of a digest: the votes that moved its picks, by word; related papers, and why; how many `more` fitted; whether it
    was the `first`; of a note that nothing came, all it says. Of any mail what its digest was `called`, and of one that
    shows both the topics its reader had (`mine`; None where it was not written down).
    """

    votes: tuple[tuple[str, int], ...] = ()
    related: tuple[tuple[str, Reason], ...] = ()
    more: int = 0
    first: bool = False
    quiet: Quiet | None = None
    called: str = ""
    mine: tuple[str, ...] | None = None


NOTHING_ELSE = Beside()
