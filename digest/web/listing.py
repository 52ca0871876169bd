"""How a paper is written on a page: who, when, how it is liked, where it leads. Refuses markup."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from urllib.parse import quote

from digest.compose import wording
from digest.compose.wording import KEEP, Link
from digest.domain import Paper

LONGEST_NAME = 80
# Of a chart, in its own units: the page scales it.
CHART_WIDTH, CHART_HEIGHT, GAP = 360, 56, 2


@dataclass(frozen=True, slots=True)
class Bar:
    """One day in a chart: where it stands, and what it says."""

    x: float
    y: float
    width: float
    height: float


def own_page(paper: Paper) -> str:
    """Our page of a paper, below the base address."""
    return "/papers/" + quote(paper.id, errors="replace")


def who(paper: Paper) -> str:
    """Name the organisation and count the authors, as the Daily Papers page does; a single author by name."""
    names = [name for name in paper.authors if name.strip()]
    people = names[0] if len(names) == 1 else f"{len(names):,}{KEEP}authors" if names else ""
    return f"{KEEP}· ".join(part for part in (paper.organization[:LONGEST_NAME], people[:LONGEST_NAME]) if part)


def when(paper: Paper, year: int) -> str:
    """The day it appeared: `Jan 27`, or `Oct 1, 2024` in another year."""
    day = paper.published_at.date() if paper.published_at else paper.listed_on
    return wording.day(day, year).replace(" ", KEEP) if day else ""


def elsewhere(paper: Paper) -> list[Link]:
    """Where a paper leads: the page where it is discussed, arXiv, the PDF, its code."""
    page = wording.page(paper)
    named = [Link("Hugging Face", page)] if "huggingface" in paper.sources else []
    links = [link for link in wording.links(paper) if link.label != "Discussion"]
    if page and not named and not any(link.url == page for link in links):
        named = [Link("arXiv" if page.startswith("https://arxiv.org/") else "Project", page)]
    return [*links, *named] if "huggingface" in paper.sources else [*named, *links]


def comments(paper: Paper) -> str:
    return wording.number(paper.comments, "comment").replace(" ", KEEP) if paper.comments > 0 else ""


def long_date(day: date) -> str:
    return f"{day:%A}, {day:%B}{KEEP}{day.day}, {day.year}"


def short_date(day: date) -> str:
    return f"{day:%b}{KEEP}{day.day}"


def bars(by_day: Sequence[tuple[date, int]]) -> list[Bar]:
    """Draw a count a day as bars; a day without any keeps a hairline."""
    most = max([count for _, count in by_day], default=0) or 1
    width = CHART_WIDTH / max(1, len(by_day))
    heights = [max(1.0, count / most * CHART_HEIGHT) for _, count in by_day]
    return [
        Bar(round(place * width, 1), round(CHART_HEIGHT - height, 1), round(width - GAP, 1), round(height, 1))
        for place, height in enumerate(heights)
    ]


def chart_text(by_day: Sequence[tuple[date, int]]) -> str:
    """Say what the chart shows."""
    if not by_day:
        return "No papers yet"
    total, (best, most) = sum(count for _, count in by_day), max(by_day, key=lambda one: one[1])
    said = f"Papers a day from {short_date(by_day[0][0])} to {short_date(by_day[-1][0])}: {total} in all"
    return f"{said}, most on {short_date(best)} with {most}" if total else said


def volume(a_day: float) -> str:
    """Say how many papers to expect, in the unit people would use."""
    if a_day >= 1.5:
        return f"About {round(a_day)} papers a day"
    if a_day >= 0.3:
        return f"About {wording.number(round(a_day * 5), 'paper')} a week"
    if a_day > 0:
        return f"About {wording.number(max(round(a_day * 20), 1), 'paper')} a month"
    return "No matches in 30 days"


def bare(topic: str) -> str:
    """Write a topic, author or organization as a name, without the signs of the topic language."""
    return re.sub(r"^(author|org):", "", topic).strip('"')


FILTERS = {
    "own_page": own_page,
    "who": who,
    "when": when,
    "elsewhere": elsewhere,
    "comments": comments,
    "long_date": long_date,
    "short_date": short_date,
    "bars": bars,
    "chart_text": chart_text,
    "volume": volume,
    "bare": bare,
}
