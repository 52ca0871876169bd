"""The short line under a paper: how liked, by whom, from where, for which topic, and where else it leads."""

from __future__ import annotations

import re
from collections.abc import Iterator

from digest.compose import wording
from digest.compose.aloud import all_aloud, aloud, quotable
from digest.compose.marking import Run, shortened
from digest.compose.wording import ARXIV_ID, DOT, KEEP, LONG_AGO, LONGEST_NAME, Link
from digest.domain import DISLIKED, LIKED, RELATED, Paper, Pick, Reason
from digest.text import safe_url

TOPICS = 3
FOLLOWED = 2
# As far as votes are counted.
MANY = {1: "a paper", 2: "two papers"}
# What a link can name: every arXiv id, and those of other sources that need no quoting.
NAMED = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/-]{0,39}", re.ASCII)


def who(pick: Pick) -> str:
    """Name the first author, those the reader follows, how many more there are, and the organisation."""
    authors = pick.paper.authors
    names = [*authors[:1], *_followed(pick)[:FOLLOWED]]
    said = ", ".join(shortened(name, LONGEST_NAME) for name in names)
    if len(authors) > len(names):
        said = f"{said} +{KEEP}{len(authors) - len(names)}"
    # A team that signs as one is not said twice.
    organization = "" if pick.paper.organization in names else shortened(pick.paper.organization, LONGEST_NAME)
    return DOT.join(part for part in (said, organization) if part)


def _followed(pick: Pick) -> list[str]:
    sought = {word.casefold() for reason in pick.reasons if reason.field == "author" for word in reason.words}
    return [name for name in pick.paper.authors[1:] if name.casefold() in sought]


def topics(pick: Pick, under: str = "") -> list[Run]:
    """Say why it is there, beside the topic that it stands `under`."""
    related = next((reason for reason in pick.reasons if reason.field == RELATED), None)
    return _shares(related) if related else _found_by(pick, under)


def _shares(reason: Reason) -> list[Run]:
    """Say what a related paper has in common with those on a topic; no more than can be said."""
    words = [word for word in map(quotable, reason.words) if word]
    topic = aloud(reason.topic)
    runs = [piece for word in words for piece in (Run(" and "), Run(word, marked=True))][1:]
    said = [Run("shares "), *runs, Run(" with papers ")] if words else [Run("near papers ")]
    return (
        [*said, Run(f"{topic.preposition} "), Run(topic.words, marked=True)]
        if topic.words
        else [*said, Run("of yours")]
    )


def _found_by(pick: Pick, under: str) -> list[Run]:
    """Name the topics that found it, but for what a heading says: the topic it stands under, or that it is trending.

    And the votes that moved it.
    """
    found = (reason.topic for reason in pick.reasons if reason.topic)
    said, unsaid = all_aloud(topic for topic in found if not under or aloud(topic) != aloud(under))
    runs: list[Run] = []
    for each in said[:TOPICS]:
        runs += [Run(", " if runs else ""), Run(each.words, marked=True)]
    left = len(said[TOPICS:]) + unsaid
    if left:
        runs.append(Run(f" + {left}" if runs else "a topic of yours"))
    for lead, word in _votes(pick):
        runs += [Run(DOT if runs else ""), Run(lead), Run(word, marked=True)]
    return [run for run in runs if run.text]


def _votes(pick: Pick) -> Iterator[tuple[str, str]]:
    """Say which votes of the reader's moved it: of those for it and of those against it the strongest."""
    for field in (LIKED, DISLIKED):
        said = ((reason.count, quotable(reason.words[0])) for reason in pick.reasons if reason.field == field)
        count, word = next((each for each in said if each[1]), (0, ""))
        if word:
            liked = f"you liked {MANY.get(count, 'several papers')} on "
            yield (liked if field == LIKED else "you asked for less on "), word


def when(paper: Paper, *, weekly: bool = False) -> str:
    """Say on which day of a week it was listed, and when it appeared if that is long ago."""
    said = [f"{paper.listed_on:%a}"] if weekly and paper.listed_on else []
    if paper.published_at and paper.listed_on and paper.listed_on - paper.published_at.date() > LONG_AGO:
        said.append(f"{paper.published_at:%b}{KEEP}{paper.published_at.year}")
    return DOT.join(said)


def links(paper: Paper) -> list[Link]:
    """List where one goes from a paper: to read it, and to try it."""
    on_arxiv = ARXIV_ID.fullmatch(paper.id)
    code, project = safe_url(paper.code_url), safe_url(paper.project_url)
    stars = f"★{KEEP}{paper.code_stars:,}" if paper.code_stars else ""
    found = [
        Link("PDF", f"https://arxiv.org/pdf/{paper.id}" if on_arxiv else ""),
        Link("Code", code, stars),
        Link("Project", "" if code else project),
    ]
    return [link for link in found if link.url and link.url != wording.page(paper)]


def can_be_named(paper: Paper) -> bool:
    """Whether a link can name a paper, so that its reader can say what they make of it."""
    return bool(NAMED.fullmatch(paper.id))
