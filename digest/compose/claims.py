"""What a digest claims about itself: its heading, what it was chosen from, its days, what is left out.

Everything said here is checked against the edition in `tests/compose/test_claims.py`; `docs/mail.md` has the table.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from digest.compose import aloud, wording
from digest.compose.marking import Run, shortened
from digest.domain import Delivery, Mute, Order, Pick, Preferences

# What a heading and a subject name; a third is "and 2 other topics".
TOPICS_IN_A_HEADING = 2
# What a subject and the line after it in a list of mails name.
TITLES, LONGEST_TITLE = 3, 74
# For topics of which nothing can be said, and for none.
TYPED, TRENDING = "what you typed in the form", "whatever is trending"
UNSAID = "a topic of yours"
ORDERS = {Order.MIXED: "", Order.BEST: "best match first", Order.LIKED: "most upvoted first"}


@dataclass(frozen=True, slots=True)
class Listed:
    """What a digest was chosen from: so many papers (0: not said), listed on these days (None: not said)."""

    papers: int = 0
    days: tuple[date, date] | None = None


def of_digest(
    shown: Sequence[Pick], listed: Listed, today: date, *, order: Order, weekly: bool, left: int, shared: bool
) -> dict[str, object]:
    """Gather all a digest claims, by the names that its templates know; what is `shared` speaks to a stranger."""
    titles = [shortened(pick.paper.title, LONGEST_TITLE) for pick in shown[:TITLES]]
    said = strangers_heading(shown) if shared else heading(shown)
    return {
        "title": "".join(titles[:1]),
        "also": "; ".join(titles[1:]),
        "heading": said,
        "what": "".join(run.text for run in said) if shared else subject(shown),
        "day": day_line(listed, today, weekly=weekly),
        "sub": chosen_from(listed, len(shown), order, today, is_counted=not shared),
        "rest": left_out(left, shown),
    }


def found_topics(picks: Sequence[Pick]) -> list[str]:
    """The topics that found something, those that found the most first."""
    found = Counter(topic for pick in picks for topic in {reason.topic: 0 for reason in pick.reasons if reason.topic})
    return [topic for topic, _ in found.most_common()]


def heading(picks: Sequence[Pick]) -> list[Run]:
    """Say how many papers, and on what."""
    count = len(picks)
    papers = f"{_spelled(count)} {'paper' if count == 1 else 'papers'}"
    if not count:
        return [Run("No papers matched")]
    if topics := found_topics(picks):
        return [Run(f"{papers} "), *aloud.listed(topics, TOPICS_IN_A_HEADING)]
    reasons = [reason.field for pick in picks for reason in pick.reasons if not reason.is_vote]
    known = bool(reasons) and set(reasons) == {"trending"}
    return [Run(papers.replace(" paper", " trending paper") if known else f"{papers} for you")]


def subject(picks: Sequence[Pick]) -> str:
    """The same in a few words, so that a title has room beside it."""
    # What stands beside it is the title of the first: a topic that found it.
    firsts = {reason.topic for reason in picks[0].reasons} if picks else set()
    said, unsaid = aloud.all_aloud(sorted(found_topics(picks), key=lambda topic: topic not in firsts))
    if not said:
        return "".join(run.text for run in heading(picks))
    papers = f"{_spelled(len(picks))} {'paper' if len(picks) == 1 else 'papers'}"
    return f"{papers} {said[0].preposition} {said[0].words}{' and more' if len(said) + unsaid > 1 else ''}"


def strangers_heading(picks: Sequence[Pick]) -> list[Run]:
    """Say what a digest is about to somebody it was not sent to."""
    topics = found_topics(picks)
    if not topics:
        return [Run("A digest of trending papers")]
    return [Run("A digest "), *aloud.listed(topics, TOPICS_IN_A_HEADING, others="more topic")]


def chosen_from(listed: Listed, shown: int, order: Order, today: date, *, is_counted: bool) -> str:
    """Say what the papers were chosen from, if not all are shown, and in which order they stand, if one was chosen.

    How many they are, `is_counted` says that the heading has told.
    """
    said = []
    if listed.papers > 0:
        when = f" {wording.days(*listed.days, today)}" if listed.days else ""
        some = f"of {listed.papers:,}" if is_counted else f"{shown:,} of {listed.papers:,}"
        many = "everything" if shown >= listed.papers else some
        said.append(f"{many} listed{when}")
    return "; ".join([*said, *filter(None, [ORDERS[order]])])


def day_line(listed: Listed, today: date, *, weekly: bool) -> str:
    """Name the day of a digest; of a weekly one, exactly the listed days it covers."""
    if weekly and listed.days and listed.days[0] != listed.days[1]:
        return wording.days(*listed.days, today)
    return wording.long_day(today)


def left_out(more: int, picks: Sequence[Pick]) -> str:
    """Say how many papers fitted and do not stand in the mail."""
    if more <= 0:
        return ""
    if found_topics(picks):
        return f"{more:,} more that {'matches' if more == 1 else 'match'} your topics"
    return f"{more:,} more {'paper' if more == 1 else 'papers'}"


def greeting(preferences: Preferences, listed: Listed, today: date, called: str = "") -> str:
    """Say to a new reader, or to one who has another digest, what this is and what comes next."""
    what = f"This is the first digest of “{called}”." if called else "Welcome. This is your first digest."
    back = f" It reaches back to {_since(listed.days[0], today)}." if _reaches_back(listed) and listed.days else ""
    return f"{what}{back} From now on it comes {wording.rhythm(preferences)}."


def looked_at(listed: int, since: date | None, today: date) -> str:
    """Say of how many papers none matched, where that is known for all the time nothing came."""
    if listed <= 0 or since is None:
        return "No new paper matched your topics."
    papers = "the one paper" if listed == 1 else f"{listed:,} papers"
    return f"Of {papers} listed since {_since(since, today)}, none matched your topics."


def last_match(day: date | None, today: date) -> str:
    """Say when something matched last, if it is known."""
    return f"The last paper that matched was listed on {_since(day, today)}." if day else ""


def muted(mutes: Sequence[Mute], today: date) -> tuple[str, ...]:
    """Say on which day each topic comes back, where all a reader follows rests."""
    return tuple([f"{aloud.aloud(mute.topic).words or UNSAID}, on {_since(mute.until, today)}" for mute in mutes])


def _reaches_back(listed: Listed) -> bool:
    return bool(listed.days and listed.days[0] != listed.days[1])


def _since(day: date, today: date) -> str:
    year = "" if day.year == today.year else f", {day.year}"
    return f"{day:%A}, {day:%B}{wording.KEEP}{day.day}{year}"


def _spelled(count: int) -> str:
    return wording.NUMBERS[count] if count < len(wording.NUMBERS) else f"{count:,}"


def both_sets(delivery: Delivery) -> dict[str, object]:
    """Read aloud the topics a subscriber typed who subscribed again, and those they have; none where they are alike."""
    typed = delivery.other_topics
    mine = replace(delivery.reader.preferences, topics=delivery.mine)
    others = wording.topics(replace(mine, topics=typed)) or [TYPED] if typed else []
    return {"others": tuple(others), "mine": tuple(wording.topics(mine) or [TRENDING])}
