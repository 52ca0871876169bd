"""The signs of the topic language: cuts a topic into tokens, and says where one cannot be read. Knows no grammar."""

from __future__ import annotations

import re
from difflib import get_close_matches
from typing import NamedTuple

_OPERATOR_ENDS = r"""(?![^\s()"“”|+^])"""
# Phones write curly quotes and long minus signs. `C++` keeps its plus signs; any other plus means "and".
_TOKEN = re.compile(
    rf"""
      (?P<quoted>["“”][^"“”]*["“”])
    | (?P<unclosed>["“”].*)
    | (?P<open>\()
    | (?P<close>\))
    | (?P<either>\||OR{_OPERATOR_ENDS})
    | (?P<both>\+|AND{_OPERATOR_ENDS})
    | (?P<minus>[-−–]+(?=[^\s)|+^])|NOT{_OPERATOR_ENDS})
    | (?P<dash>[-−–]+(?=[\s)|+^]|$))
    | (?P<weight>\^\s*[^\s()"“”|+^]*)
    | (?P<field>[^\W\d_]{{2,}}:)
    | (?P<chunk>(?:[^\s"“”()|+^]|(?<=\w)\+\+(?!\w))+)
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
    found = [Sign(match.lastgroup or "", match.group(), match.start()) for match in _TOKEN.finditer(text)]
    return [*(sign for sign in found if sign.kind != "space"), Sign("end", "", len(text))]


def did_you_mean(word: str, known: list[str], ending: str = "") -> str:
    """Say which of the known words comes nearest, or else all of them."""
    near = get_close_matches(word.casefold(), known, n=1, cutoff=0.6)
    if near:
        return f"did you mean {near[0]}{ending}?"
    return "expected " + ", ".join(f"{name}{ending}" for name in known)


def excerpt(text: str, at: int) -> str:
    """Quote the place of an error."""
    shown = " ".join(text[at : at + MOST_SHOWN].split())
    return f"at {shown}" if shown else "at the end"
