"""A topic, read aloud: what a person would call it, without the marks of the topic language. Refuses to parse it.

A reader's own words stand in a mail that we sign, and a mail program makes a link of whatever looks like one. So only
what looks like a topic is said; the rest is "another topic of yours".
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import NamedTuple

from digest.compose.marking import Run, shortened

LONGEST_TOPIC = 60
MOST_WORDS = 8
# Those that many readers have; 300 bytes each.
KEEP_TOPICS = 4_096

PREPOSITIONS = {"author": "by", "org": "from", "organization": "from", "source": "from", "cat": "in", "category": "in"}
# `agents ^2`, and `"tree search"^2`: but the square of R is a word.
WEIGHT = re.compile(r"""(?:\s+|(?<=[^\W\d]{2})|(?<=["”)]))\^\s?[\d.,]+(?=\s|$)""")
EXCLUSION = re.compile(r"""(?:(?<=\s)|^|(?<=\())(?:[-–—−－!]|NOT\s+)(?:\w+[:：])?(?:"[^"]*"?|\([^()]*\)?|[^\s()|+]+)""")
FACT = re.compile(r"\b(?:upvotes|has|comments)[:：]\s*[<>=≤≥]*\s*\S+", re.IGNORECASE)
FIELD = re.compile(
    r"\b(title|abstract|abs|ti|author|au|organization|org|source|category|cat)[:：]\s*(?=\S)", re.IGNORECASE
)
AND, OR = re.compile(r"\s+(?:\+|＋|AND)\s+|(?<=\S)\s*&\s*(?=\S)"), re.compile(r"\s*(?:\||｜)\s*|\s+OR\s+")
LOOSE_ENDS = re.compile(r"^(?:(?:and|or)\s+)+|(?:\s+(?:and|or))+$|^[\s,;]+|[\s,;]+$")
JOINED_TWICE = re.compile(r"\b(and|or)(?:\s+(?:and|or))+\b")
# Nothing but words, none of which joins others or begins an address: as nearly all topics are.
JUST_WORDS = re.compile(r"(?!.*\b(?:AND|OR|NOT|and|or|(?i:www))\b)[A-Za-z0-9]+(?:[ -][A-Za-z0-9]+)*")
QUOTES = str.maketrans("", "", '"“”„«»＂')
STAR = re.compile(r"(?<=\w)[*＊]")
# What a mail program would make a link of, or a person would follow.
ADDRESS = re.compile(r"://|\bwww\b|@|＠|\w+\.\w+[/:?#]\S|\b(?:https?|ftp|mailto|tel|javascript|data):", re.IGNORECASE)
DOT_IN_A_WORD = re.compile(r"(?<=\w)[.．。｡․](?=[^\W\d_])")
# `cs.CL` is a category. No other name with a dot is: `cs.cl` is somebody's site.
CATEGORY = re.compile(
    r"(?:cs|math|stat|eess|econ|q-bio|q-fin|physics|astro-ph|cond-mat|nlin)(?:\.(?:[A-Z]{2}|[a-z]{2,3}-[a-z]{2,4}))?"
)
# What a topic that was read as it should be has none of.
SYNTAX = re.compile(r"[|^\"*\[\]{}<>\\`~]|(?<!\w)[:：]|\b(?:AND|NOT|OR)\b")


class Aloud(NamedTuple):
    """A topic as one says it: `on` agents, `by` Ada Lovelace; without words where there is nothing to say."""

    preposition: str
    words: str


@lru_cache(KEEP_TOPICS)
def aloud(topic: str) -> Aloud:
    """Read a topic: what it looks for, and nothing of what it excludes, weighs or counts."""
    return Aloud("on", _few_words(topic)) if JUST_WORDS.fullmatch(topic) else without_signs(topic)


def without_signs(topic: str) -> Aloud:
    """Take the signs of the language off a topic, and what they say that nobody would read aloud."""
    text = EXCLUSION.sub(" ", WEIGHT.sub(" ", FACT.sub(" ", " ".join(topic.split()))))
    fields = {found.lower() for found in FIELD.findall(text)}
    preposition = PREPOSITIONS.get(fields.pop(), "on") if len(fields) == 1 else "on"
    text = OR.sub(" or ", AND.sub(" and ", FIELD.sub("", text))).translate(QUOTES)
    text = " ".join(STAR.sub("…", _without_parentheses(text)).split())
    text = LOOSE_ENDS.sub("", JOINED_TWICE.sub(r"\1", text))
    return Aloud(preposition, quotable(text))


def is_exclusion(topic: str) -> bool:
    """Whether a topic only says what is not wanted: nobody follows that."""
    return not aloud(topic).words and bool(EXCLUSION.match(" ".join(topic.split())))


def quotable(text: str) -> str:
    """Say a few words so that no mail program makes a link of them; nothing where they are more than words."""
    if ADDRESS.search(text) or SYNTAX.search(text) or not any(c.isalnum() for c in text):
        return ""
    return _few_words(text if CATEGORY.fullmatch(text) else DOT_IN_A_WORD.sub("·", text))


def _few_words(text: str) -> str:
    words = text.split(" ")
    few = " ".join(words[:MOST_WORDS]) + ("…" if len(words) > MOST_WORDS else "")
    return shortened(few, LONGEST_TOPIC)


def name(text: str) -> str:
    """Say what a reader calls a digest, on the same terms; nothing where it is an address. Its signs are its own."""
    words = " ".join(text.split())
    return "" if not words or ADDRESS.search(words) else shortened(DOT_IN_A_WORD.sub("·", words), LONGEST_TOPIC)


def _without_parentheses(text: str) -> str:
    """Drop the parentheses that group, and keep those that belong to a word, as in E(3)."""
    kept, opened = [], []
    for place, character in enumerate(text):
        if character in "(（":
            glued = place > 0 and text[place - 1].isalnum()
            opened.append(glued)
            kept.append(character if glued else " ")
        elif character in ")）":
            kept.append(character if opened and opened.pop() else " ")
        else:
            kept.append(character)
    return "".join(kept)


def all_aloud(topics: Iterable[str]) -> tuple[list[Aloud], int]:
    """Read topics, each once, and count those of which nothing can be said."""
    once = dict.fromkeys(topics)
    said = [each for topic in once if (each := aloud(topic)).words]
    # Nothing can be said of what is excluded, and that is not counted.
    unsaid = sum(not aloud(topic).words and not is_exclusion(topic) for topic in once) if len(said) < len(once) else 0
    return list(dict.fromkeys(said)), unsaid


def listed(topics: Iterable[str], most: int, *, others: str = "other topic") -> Iterator[Run]:
    """Say topics in a line, as `on *agents* and *robots*, by *Ada Lovelace* and on 2 other topics`."""
    said, unsaid = all_aloud(topics)
    # "and 1 other topic" is longer than most topics are.
    most += len(said) == most + 1 and not unsaid
    shown, left = said[:most], len(said[most:]) + unsaid
    before = ""
    for place, (preposition, words) in enumerate(shown):
        last = place == len(shown) - 1 and not left
        joint = "" if place == 0 else " and " if last else ", "
        yield Run(joint + (f"{preposition} " if preposition != before else ""))
        yield Run(words, marked=True)
        before = preposition
    if left:
        lead = " and " if shown else ""
        yield Run(f"{lead}{'' if before == 'on' else 'on '}{_several(left, others, alone=not shown)}")


def _several(count: int, noun: str, *, alone: bool) -> str:
    if alone:
        return "a topic of yours" if count == 1 else "topics of yours"
    return f"{count} {noun}" + ("s" if count > 1 else "")
