"""`digest match`: which stored papers topics pick, why, and how many a day they would bring."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import date
from typing import Annotated

import typer
from rich.text import Text

from digest.bootstrap import Service
from digest.cli.commands import app_of
from digest.cli.console import Json, a_day, console, errors, print_json, print_table
from digest.cli.errors import Failed, Misused
from digest.domain import Pick, Selection
from digest.match import DAYS, Matcher, Share
from digest.store import papers
from digest.topics import Profile, parse

Topics = Annotated[
    list[str] | None, typer.Argument(metavar="TOPIC…", help="What to look for; without any, what is trending.")
]

Since = Annotated[
    str | None, typer.Option(metavar="YYYY-MM-DD", help="From this listed day on; the newest one if left out.")
]
Until = Annotated[str | None, typer.Option(metavar="YYYY-MM-DD", help="Up to this listed day.")]
Limit = Annotated[int, typer.Option(min=1, help="The most papers to show.")]
Explain = Annotated[
    bool, typer.Option("--explain", help="Say how the topics were read, and what each adds to a paper's score.")
]
AsForecast = Annotated[
    bool, typer.Option("--forecast", help=f"Say how many papers a day would come, by the last {DAYS} listed days.")
]
# A topic may begin with a minus.
MINUS = {"ignore_unknown_options": True}


app = app_of()


@app.command(context_settings=MINUS)
def match(
    context: typer.Context,
    topics: Topics = None,
    since: Since = None,
    until: Until = None,
    limit: Limit = 10,
    explain: Explain = False,
    as_forecast: AsForecast = False,
    as_json: Json = False,
) -> None:
    """Show which stored papers these topics pick, the best first, and why.

    On a terminal a table; elsewhere, or with --json, one JSON object a line: id, title, score, reasons.
    """
    service: Service = context.obj
    profile = readable(topics or [])
    days = _days(service, a_day(since), a_day(until), DAYS if as_forecast else 1)
    matcher = Matcher(papers.listed(service.engine, days[-1], days[0]) if days else ())
    machine = as_json or not console.is_terminal
    if as_forecast:
        _print_forecast(matcher, profile, days, machine)
        return
    selection = matcher.select(profile, limit=limit)
    explained = [matcher.explain(profile, pick) if explain else [] for pick in selection.picks]
    if explain:
        for topic in profile.topics + profile.exclusions:
            errors.print(f"read as: {topic}")
        for text in selection.unfinished:
            errors.print(f"left out, as it would take too long: {text}")
    if machine:
        print_json(map(_pick, selection.picks, explained))
    elif explain:
        for pick, parts in zip(selection.picks, explained, strict=True):
            console.print(_explained(pick, parts))
    else:
        _print_picks(selection, days)


def readable(topics: Sequence[str]) -> Profile:
    """Read topics; say what is wrong with some, and raise Misused when nothing is left of them."""
    if meant := next((topic for topic in topics if topic.startswith("--")), ""):
        raise Misused(f"no such option: {meant}")
    profile = parse(topics)
    mistakes = list(map(str, profile.errors))
    if mistakes and not profile.topics + profile.exclusions:
        raise Misused("; ".join(mistakes))
    for mistake in mistakes:
        errors.print(f"digest: left out: {mistake}")
    return profile


def _days(service: Service, since: date | None, until: date | None, most: int) -> list[date]:
    """The listed days to match on, newest first: those of a stretch, or else the last ones."""
    newest = papers.newest_listed(service.engine)
    if newest is None:
        raise Failed("nothing is stored yet: run `digest collect`")
    days = papers.listed_days(service.engine, until or newest, None if since else most)
    return [day for day in days if not since or day >= since]


def _pick(pick: Pick, parts: Sequence[Share]) -> dict[str, object]:
    reasons = [{"topic": why.topic, "field": why.field, "words": why.words, "spans": why.spans} for why in pick.reasons]
    row = {"id": pick.paper.id, "title": pick.paper.title, "score": round(pick.score, 4), "reasons": reasons}
    if parts:
        row |= {"snippet": pick.paper.abstract[slice(*pick.snippet)], "topics": [_part(part) for part in parts]}
    return row


def _part(part: Share) -> dict[str, object]:
    return asdict(part) | {"score": round(part.score, 4)}


def _print_picks(selection: Selection, days: Sequence[date]) -> None:
    rows = ((f"{pick.score:.2f}", pick.paper.id, pick.paper.title, _why(pick)) for pick in selection.picks)
    if not selection.picks:
        errors.print(f"No paper {_listed(days)} matches." if days else "Nothing is stored of these days.")
        return
    print_table("", ("Score", "Id", "Title", "Because of"), rows)
    fitting = len(selection.picks) + selection.more
    errors.print(f"{len(selection.picks)} of {fitting} that {'matches' if fitting == 1 else 'match'}, {_listed(days)}.")


def _why(pick: Pick) -> str:
    return ", ".join(dict.fromkeys(why.topic or why.field for why in pick.reasons))


def _listed(days: Sequence[date]) -> str:
    if not days:
        return "with nothing stored of these days"
    return f"listed on {days[0]}" if len(days) == 1 else f"listed on {len(days)} days, {days[-1]} to {days[0]}"


def _explained(pick: Pick, parts: Sequence[Share]) -> Text:
    """A pick with its matched words marked, the sentence that shows them, and what each topic adds."""
    title, abstract = (
        _marked(text, pick, field) for text, field in ((pick.paper.title, "title"), (pick.paper.abstract, "abstract"))
    )
    title.stylize("bold")
    lines = [Text.assemble(f"{pick.score:.2f}  {pick.paper.id}  ", title), abstract[slice(*pick.snippet)]]
    lines += [Text(f"{part.score:6.2f}  {part.topic or 'trending'}, place {part.place} of {part.of}") for part in parts]
    others = [f"{why.field}: {', '.join(why.words)}" for why in pick.reasons if why.words and not why.spans]
    return Text("\n").join([*lines, *(Text(f"        {other}") for other in others), Text()])


def _marked(text: str, pick: Pick, field: str) -> Text:
    marked = Text(text)
    for why in pick.reasons:
        for start, end in why.spans if why.field == field else ():
            marked.stylize("reverse", start, end)
    return marked


def _print_forecast(matcher: Matcher, profile: Profile, days: Sequence[date], machine: bool) -> None:
    each = {topic.text: matcher.forecast(parse([topic.text]), len(days)) for topic in profile.topics}
    total, more = matcher.forecast(profile, len(days)), matcher.suggest(profile)
    if machine:
        span = {"days": len(days), "since": days[-1] if days else None, "until": days[0] if days else None}
        topics = [{"topic": topic, "papers_a_day": round(count, 2)} for topic, count in each.items()]
        print_json([{"papers_a_day": round(total, 2), **span, "topics": topics, "suggestions": more}])
        return
    print_table("", ("Papers a day", "Topic"), [(f"{count:.2f}", topic) for topic, count in each.items()])
    console.print(f"{total:.1f} papers a day together, {_listed(days)}.")
    if more:
        console.print(f"You may also want: {', '.join(more)}")
