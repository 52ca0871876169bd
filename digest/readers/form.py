"""What a person typed, read and checked: preferences, or what to do about each field. Pure."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from zoneinfo import available_timezones

from email_validator import EmailNotValidError, validate_email

from digest.domain import Cadence, Order, Preferences
from digest.topics import parse

Typed = Mapping[str, str]
NOTHING: Typed = {}
NO_MISTAKES: Mapping[str, str] = {}

MOST_PAPERS = 50
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
# RFC 5321, 4.5.3.1: octets, which letters beyond ASCII take two or more of.
LONGEST_LOCAL_PART, LONGEST_ADDRESS = 64, 254
LONGEST_PAUSE = timedelta(days=366)
# What people live in; the rest of the time zone database is history and bookkeeping.
REGIONS = (
    "Africa", "America", "Antarctica", "Arctic", "Asia", "Atlantic", "Australia", "Europe", "Indian", "Pacific",
)  # fmt: skip
# What the database says of a machine that nobody has set, and of the one it is on.
NO_PLACES = {"Factory", "localtime"}


class Mistakes(Exception):
    """What was typed cannot be used; `by_field` tells the person what to do about each field."""

    def __init__(self, by_field: Mapping[str, str]) -> None:
        super().__init__(", ".join(by_field))
        self.by_field = by_field


def typed(preferences: Preferences) -> dict[str, str]:
    """Write preferences as somebody would have typed them into the form."""
    return {
        "topics": "\n".join(preferences.topics),
        "cadence": preferences.cadence,
        "hour": str(preferences.hour),
        "timezone": preferences.timezone,
        "most_papers": str(preferences.most_papers),
        "pictures": "yes" if preferences.pictures else "no",
        "weekday": WEEKDAYS[preferences.weekday % len(WEEKDAYS)],
        "order": preferences.order,
        "related": "yes" if preferences.related else "no",
    }


# What somebody new gets unless they choose otherwise.
AT_FIRST = Preferences(related=True)


def subscription(filled: Typed) -> tuple[str, Preferences]:
    """Read an address and preferences; raise Mistakes. What was left out is as AT_FIRST."""
    given = checked({**typed(AT_FIRST), **filled}, {"email": _email, **FIELDS})
    return given.pop("email"), Preferences(**given)


def address(filled: Typed) -> str:
    """Read an address; raise Mistakes."""
    email: str = checked(filled, {"email": _email})["email"]
    return email


def preferences(filled: Typed, before: Preferences) -> Preferences:
    """Read preferences; raise Mistakes. What was left out stays as before."""
    after = Preferences(**checked({**typed(before), **filled}, FIELDS))
    # What rests goes on resting, as long as it is followed.
    return replace(after, muted=tuple([mute for mute in before.muted if mute.topic in after.topics]))


def checked(filled: Typed, fields: Mapping[str, Callable[[str], Any]]) -> dict[str, Any]:
    """Read each field; raise Mistakes with all that is wrong."""
    values, mistakes = {}, {}
    for name, read in fields.items():
        try:
            values[name] = read(filled.get(name, ""))
        except ValueError as error:
            mistakes[name] = str(error)
    if mistakes:
        raise Mistakes(mistakes)
    return values


def topics_from(text: str) -> tuple[str, ...]:
    """Read topics, one a line or parted by commas, each once; raise ValueError with all that is wrong."""
    profile = parse(text)
    if profile.errors:
        raise ValueError("; ".join(f"Line {mistake.line}: {mistake.message}" for mistake in profile.errors))
    return tuple(dict.fromkeys(topic.text for topic in profile.topics + profile.exclusions))


def _email(text: str) -> str:
    if not text.strip():
        raise ValueError("Please type your email address, like ada@example.org.")
    try:
        normalized = validate_email(text.strip(), check_deliverability=False).normalized
    except EmailNotValidError:
        raise ValueError(_wrong(text.strip())) from None
    if len(normalized.rpartition("@")[0].encode()) > LONGEST_LOCAL_PART or len(normalized.encode()) > LONGEST_ADDRESS:
        raise ValueError(TOO_LONG)
    return normalized


TOO_LONG = "This address is too long for email: at most 64 characters before the @, and 254 in all."


def _wrong(text: str) -> str:
    """Say what to change in an address that is none, in words that people use."""
    local, at, domain = text.rpartition("@")
    if not at:
        return "An email address needs an @, like ada@example.org."
    if any(map(str.isspace, text)):
        return "Please remove the spaces from the address."
    if not local:
        return "Something is missing before the @, like ada in ada@example.org."
    if not domain:
        return "Something is missing after the @, like example.org in ada@example.org."
    if len(local.encode()) > LONGEST_LOCAL_PART or len(text.encode()) > LONGEST_ADDRESS:
        return TOO_LONG
    if "." not in domain.strip("."):
        return f"“{domain}” is incomplete: what comes after the @ looks like example.org."
    return "This doesn’t look like an email address. Please check it for typos."


def _weekday(text: str) -> int:
    """Read a day by its name, or by its number from Monday (0)."""
    day = text.strip().lower()
    if day in WEEKDAYS:
        return WEEKDAYS.index(day)
    if day in map(str, range(7)):
        return int(day)
    raise ValueError(f"Please choose a day: {', '.join(WEEKDAYS)}.")


def _cadence(text: str) -> Cadence:
    if text not in list(Cadence):
        raise ValueError("Please choose daily, weekdays or weekly.")
    return Cadence(text)


def _order(text: str) -> Order:
    if text not in list(Order):
        raise ValueError("Please choose mixed, best or liked.")
    return Order(text)


def _timezone(text: str) -> str:
    if text not in _zones():
        raise ValueError("Please type a city such as Berlin, or a time zone such as Europe/Berlin.")
    return text


def _yes(text: str) -> bool:
    if text not in ("yes", "no"):
        raise ValueError("Please choose yes or no.")
    return text == "yes"


def _number(what: str, least: int, most: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        if not (text.isdecimal() and len(text) < 5 and least <= int(text) <= most):
            raise ValueError(f"Please type {what} from {least} to {most}.")
        return int(text)

    return read


FIELDS: Mapping[str, Callable[[str], Any]] = {
    "topics": topics_from,
    "cadence": _cadence,
    "hour": _number("an hour", 0, 23),
    "timezone": _timezone,
    "most_papers": _number("a number of papers", 1, MOST_PAPERS),
    "pictures": _yes,
    "weekday": _weekday,
    "order": _order,
    "related": _yes,
}


def pause_end(text: str, today: date) -> date:
    """Read the day a pause ends, as a date field gives it; raise Mistakes."""
    try:
        day = date.fromisoformat(text.strip())
    except ValueError:
        raise Mistakes({"until": "Please write the day like 2026-03-31."}) from None
    if not today < day <= today + LONGEST_PAUSE:
        raise Mistakes({"until": "Please choose a day after today, within a year."})
    return day


@functools.cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones()) - NO_PLACES


@functools.cache
def zones_by_region() -> Mapping[str, list[str]]:
    """Group the time zones to choose from."""
    return {region: sorted(zone for zone in _zones() if zone.startswith(f"{region}/")) for region in REGIONS}
