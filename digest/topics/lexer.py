"""The tokens of the topic language: cuts a topic into them, and says where one cannot be read. Knows no grammar."""

from __future__ import annotations

import re
from difflib import get_close_matches
from typing import NamedTuple

from digest.topics.signs import ascii_signs

FIELDS = ["title", "abstract", "author", "org", "cat", "source", "upvotes", "has"]
ALIASES = {"organization": "org", "organisation": "org", "category": "cat", "authors": "author"}

_OPERATOR_ENDS = r"""(?![^\s()"|+^])"""
# What is glued to a word belongs to it: `E(3)`, `O(n log n)`, `p(x|y)`, but not `image(video | audio)`; the plus signs
# of `C++`, and the caret of `R^2`, but not the weight in `agents^2`.
_APART = r"""[|+&]|(?:OR|AND|NOT)\b"""
_GLUED = rf"""(?<=[^\W_])\((?=[^\s"()])(?:[^\s"()]|\([^\s"()]*\)|\s(?!{_APART}|[-!]\S))*+\)"""
_TOKEN = re.compile(
    rf"""
      (?P<quoted>"[^"]*")
    | (?P<unclosed>".*)
    | (?P<open>\()
    | (?P<close>\))
    | (?P<either>\|+|OR{_OPERATOR_ENDS})
    | (?P<both>\+|&&|AND{_OPERATOR_ENDS})
    | (?P<minus>(?:-+|!)(?=[^\s)|+^!-])|NOT{_OPERATOR_ENDS})
    | (?P<dash>-+(?=[\s)|+^!]|$))
    | (?P<tilde>[~∼≠](?=[^\W\d]))
    | (?P<weight>\^\s*[^\s()"|+^]*)
    | (?P<field>[^\W\d_]{{2,}}:|upvotes(?=\s*[<>=≤≥]))
    | (?P<chunk>(?:[^\s"()|+^&]|&(?!&)|{_GLUED}|(?<=\w)\+\+(?!\w)|(?<!\w{{3}})(?<=\w)\^(?=[\w{{*+-])|\(\))++)
    | (?P<space>\s+)
    """,
    re.VERBOSE | re.DOTALL,
)
MOST_SHOWN = 24  # characters of the topic quoted in an error: enough to find the place


class UnreadableError(Exception):
    """A topic that cannot be read: what is wrong, and the offset where."""

    def __init__(self, what: str, at: int) -> None:
        super().__init__(what)
        self.what, self.at = what, at


class Sign(NamedTuple):
    """One token: its kind as named in the pattern (or `end`), its text, and where it stands."""

    kind: str
    text: str
    start: int

    @property
    def end(self) -> int:
        """Where the next token may begin."""
        return self.start + len(self.text)


def signs(text: str) -> list[Sign]:
    """Cut a topic into its tokens, the last of kind `end`."""
    text = ascii_signs(text)
    found = [_sign(match, text) for match in _TOKEN.finditer(text)]
    return [*(sign for sign in found if sign.kind != "space"), Sign("end", "", len(text))]


def field_of(written: str) -> str:
    """Return the name of a field as written before a colon, or an empty string where there is none of that name."""
    name = written.rstrip(":").casefold()
    name = ALIASES.get(name, name)
    return name if name in FIELDS else ""


def did_you_mean(word: str, known: list[str], ending: str = "") -> str:
    """Ask for the known word that comes nearest, or else list all of them."""
    near = get_close_matches(word.casefold(), known, n=1, cutoff=0.6)
    if near:
        return f"did you mean {near[0]}{ending}?"
    return f"use {', '.join(f'{name}{ending}' for name in known[:-1])} or {known[-1]}{ending}"


def excerpt(text: str, at: int) -> str:
    """Quote the place of an error."""
    shown = " ".join(text[at : at + MOST_SHOWN].split())
    return f"at {shown}" if shown else "at the end"


def _sign(match: re.Match[str], text: str) -> Sign:
    kind, written = match.lastgroup or "", match.group()
    # "Mamba: a title" is text; `auther: Ada` is a slip.
    titled = kind == "field" and text[match.end() : match.end() + 1].isspace() and not field_of(written)
    if titled and not get_close_matches(written[:-1].casefold(), [*FIELDS, *ALIASES], n=1, cutoff=0.6):
        kind = "chunk"
    return Sign(kind, written, match.start())
