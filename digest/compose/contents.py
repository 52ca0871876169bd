"""In which order and how fully the papers of a digest stand, under which headings, and the list at its top. Pure."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from digest.compose.aloud import aloud
from digest.compose.cards import Level
from digest.domain import Pick

# The best papers are told in full, the others briefly.
IN_FULL = 5
# Above so many, a list at the top helps to find something; a longer digest tells the rest in a line each, which is a
# list by itself.
SHORT_ENOUGH_TO_SCAN, MOST_CARDS = 6, 12
# A heading over a single paper says less than the paper does.
FEWEST_IN_A_GROUP, FEWEST_GROUPS = 2, 2


@dataclass(frozen=True, slots=True)
class Placed:
    """A pick, its place among all, and how much is said of it."""

    pick: Pick
    place: int
    level: Level


@dataclass(frozen=True, slots=True)
class Group:
    """Papers that stand together: under their topics, under none in a digest without groups."""

    topics: tuple[str, ...]
    papers: tuple[Placed, ...]

    def up_to(self, place: int) -> Group:
        """The same without what has a later place."""
        return Group(self.topics, tuple([each for each in self.papers if each.place < place]))

    @property
    def cards(self) -> list[Placed]:
        return [each for each in self.papers if each.level is not Level.LINE]

    @property
    def lines(self) -> list[Placed]:
        return [each for each in self.papers if each.level is Level.LINE]


def arranged(picks: Sequence[Pick], *, by_topic: bool) -> list[Group]:
    """Place the picks, best first; `by_topic` where there are several topics and enough to find one's way in.

    The group of the best paper comes first: nobody has to look for it.
    """
    placed = [Placed(pick, place, _level(place, len(picks))) for place, pick in enumerate(picks)]
    groups = _groups(placed) if by_topic and len(picks) > SHORT_ENOUGH_TO_SCAN else []
    return sorted(groups, key=lambda group: group.papers[0].place) or ([Group((), tuple(placed))] if placed else [])


def _groups(placed: Sequence[Placed]) -> list[Group]:
    """Part papers by topic; none where there are not two topics with several papers each."""
    strongest = Counter(_said_topics(each.pick)[:1] for each in placed)
    large = [topics[0] for topics, papers in strongest.items() if topics and papers >= FEWEST_IN_A_GROUP]
    if len(large) < FEWEST_GROUPS:
        return []
    found: defaultdict[str, list[Placed]] = defaultdict(list)
    for each in placed:
        # A paper that is alone with its strongest topic may be at home under another one.
        found[next((topic for topic in _said_topics(each.pick) if topic in large), "")].append(each)
    return [Group((topic,) if topic else _topics_of(papers), tuple(papers)) for topic, papers in found.items()]


def _said_topics(pick: Pick) -> tuple[str, ...]:
    """The topics that found a paper, the strongest first, as far as they can be said."""
    return tuple(dict.fromkeys(reason.topic for reason in pick.reasons if reason.topic and aloud(reason.topic).words))


def _topics_of(papers: Sequence[Placed]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(reason.topic for each in papers for reason in each.pick.reasons if reason.topic))


def said_above(groups: Sequence[Group]) -> dict[int, str]:
    """Say which topic is named above each paper already, by its place: that of its group, or the only one there is."""
    found: dict[int, str] = {}
    for group in groups:
        topics = group.topics or _topics_of(group.papers)
        if len(topics) == 1 and aloud(topics[0]).words:
            found |= {each.place: topics[0] for each in group.cards}
    return found


def _level(place: int, count: int) -> Level:
    if place < IN_FULL:
        return Level.FULL
    return Level.BRIEF if count <= MOST_CARDS else Level.LINE


def has_contents(count: int) -> bool:
    """Whether a list at the top helps."""
    return count > SHORT_ENOUGH_TO_SCAN
