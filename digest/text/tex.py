"""Read the TeX left in titles and abstracts as plain Unicode. Prose that only looks like TeX stays as it was.

A table of our own: pylatexenc 2.11, the kept library for this, takes prose for TeX, so that `gains of 50% over it`
ends at its comment, `$5 and $10` becomes a formula, and `n^{k+1}` comes out as `n^k+1`.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Iterable
from functools import partial
from unicodedata import normalize

from digest.text.symbols import ACCENTS, DOUBLE_STRUCK, HATS, LOWERED, RAISED, STYLES, SYMBOLS

# A longer one is prose between two dollar signs (the longest in 5,998 abstracts has 104 characters), and a short one
# cannot nest deeper than Python's stack.
MOST_FORMULA = 250

# Stands beside a word such as `log` while a formula is read: a space where a neighbour would run into the word.
_EDGE = "\0"
_RUN_IN = re.compile(r"(?<=[A-Za-z0-9Α-ωℓ])\0+(?=[A-Za-z0-9Α-ωℓ√])")


def _close(text: str) -> str:
    return _RUN_IN.sub(" ", text).replace(_EDGE, "")


def _script(mark: str, raw: str) -> str:
    """Raise or lower: x^{2} → x², x_{ij} → xᵢⱼ; a word, or what Unicode cannot raise: d_max, x^(2/3)."""
    text = _close(raw).strip()
    compact = text.replace(" ", "").replace("∘", "°")
    if not compact or (mark == "^" and set(compact) <= set("*⋆′°†‡'")):
        return compact
    # Three raised or lowered letters are a word, and a word is read better, and found, at its size.
    letters = RAISED if mark == "^" else LOWERED
    if letters.keys() >= set(compact) and sum(c.isalpha() for c in compact) <= 2:
        return "".join(letters[c] for c in compact)
    bare = re.fullmatch(r"[^\W\d_]\w*" if mark == "^" else r"\w(?:[\w.]*\w)?", text)
    return f"{mark}{text}" if bare else f"{mark}({text})"


def _accented(accent: str, text: str) -> str:
    letter = {"ı": "i", r"\i": "i", r"\j": "j"}.get(text, text)
    return normalize("NFC", letter[:1] + accent + letter[1:]) if letter else ""


def _fraction(over: str, under: str) -> str:
    return "/".join(
        text if re.fullmatch(r"\w*|[\d.]+|\([^()]*\)", text) else f"({text})" for text in (over.strip(), under.strip())
    )


_ONE: dict[str, Callable[[str], str]] = {
    **dict.fromkeys(STYLES, str),
    **{name: partial(_accented, ACCENTS[mark]) for name, mark in HATS.items()},
    "sqrt": lambda text: f"√{text}" if re.fullmatch(r"\w|\d+", text) else f"√({text})",
    "mathbb": lambda text: text.translate(DOUBLE_STRUCK),
    "footnote": " ({})".format,
    "textsuperscript": partial(_script, "^"),
    "textsubscript": partial(_script, "_"),
}
_TWO: dict[str, Callable[[str, str], str]] = {
    "frac": _fraction,
    "tfrac": _fraction,
    "dfrac": _fraction,
    "href": "{1} ({0})".format,
    "hyperlink": "{1}".format,
    "textcolor": "{1}".format,
    "SI": "{} {}".format,
}


def _command(name: str, rest: deque[str]) -> str:
    if name in _ONE:
        return _ONE[name](_argument(rest))
    if name in _TWO:
        return _TWO[name](_argument(rest), _argument(rest))
    text = SYMBOLS.get(name, name)
    return f"{_EDGE}{text}{_EDGE}" if len(text) > 1 else text


def _atom(token: str, rest: deque[str]) -> str:
    if token == "{":
        return _group(rest)
    if token in ("^", "_"):
        return _script(token, _argument(rest))
    if token[0] == "\\" and len(token) > 1:
        return _command(token[1:].rstrip("*"), rest)
    return " " if token == "~" else token


def _argument(rest: deque[str]) -> str:
    while rest and rest[0].isspace():
        rest.popleft()
    return _atom(rest.popleft(), rest) if rest and rest[0] != "}" else ""


def _group(rest: deque[str]) -> str:
    parts = []
    while rest and (token := rest.popleft()) != "}":
        parts.append(_atom(token, rest))
    return "".join(parts)


def _formula(inside: str) -> str:
    rest = deque(re.findall(r"\\[A-Za-z]+\*?|\\?.", inside, re.DOTALL))
    parts = []
    while rest:  # a second time only where a brace closes too often
        parts.append(_group(rest))
    return _close("".join(parts))


_INSIDE = rf"((?:[^$\\]|\\.){{1,{MOST_FORMULA}}}?)"
_DELIMITED = re.compile(rf"(?<!\\)(?:\$\${_INSIDE}\$\$|\${_INSIDE}\$|\\\({_INSIDE}\\\)|\\\[{_INSIDE}\\\])")
_MONEY_OR_PROSE = re.compile(r"\s[a-z]{2,}\s|^\d.*\s.*[a-z]{2,}")
_SURE = re.compile(r"\\[A-Za-z]|[\^_{}]|^\s*[<>=+~-]+\s*$")


def _is_formula(inside: str, after: str) -> bool:
    """Tell `$n=3$` from `$5 and $10`: pandoc's rule for dollars, but what is surely TeX may touch a digit."""
    if _MONEY_OR_PROSE.search(re.sub(r"\\[A-Za-z]+(\{[^{}]*\})?", "", inside)):
        return False
    if _SURE.search(inside):
        return True
    if after.isalnum():
        return not after.isdigit() and bool(re.fullmatch(r"[\d\s.,/=+-]+|.{1,3}", inside))
    return inside[0].isspace() == inside[-1].isspace() or len(inside.strip()) == 1


def _formulas(text: str) -> str:
    done, at = [], 0
    while found := _DELIMITED.search(text, at):
        start, end = found.span()
        inside = next(filter(None, found.groups()))
        if text[start] == "\\" or _is_formula(inside, text[end : end + 1]):
            done += [text[at:start], _formula(inside)]
            at = end
        else:
            done.append(text[at : start + 1])
            at = start + 1
    return "".join(done) + text[at:]


def _accent(found: re.Match[str]) -> str:
    mark, letter = filter(None, found.groups())
    return _accented(ACCENTS[mark], letter)


def _initial(found: re.Match[str]) -> str:
    letter = _accented(ACCENTS[found[1]], found[2])
    return letter if len(letter) == 1 else found[0]


def _bare(found: re.Match[str]) -> str:
    return found[0].strip("{}")


def _any_of(names: Iterable[str]) -> str:
    return "|".join(sorted(names, key=len, reverse=True))


_Rule = tuple[re.Pattern[str], str | Callable[[re.Match[str]], str]]
_BRACES = r"\s*\{([^{}]*)\}"
# A command is read when nothing in its braces is left to read: a layer a round.
_COMMANDS: tuple[_Rule, ...] = (
    (re.compile(rf"[ ~]?\\(?:cite[pt]?|label|(?:eq)?ref){_BRACES}"), ""),
    (re.compile(rf"\\({_any_of(_TWO)}){_BRACES}{_BRACES}"), lambda found: _TWO[found[1]](found[2], found[3])),
    (re.compile(rf"\\({_any_of(_ONE)})\*?{_BRACES}"), lambda found: _ONE[found[1]](found[2])),
    (re.compile(r"\{\\(?:em|it|bf|rm|sc|tt|sl|small|large)\b\s*([^{}]*)\}"), r"\1"),
    # Without braces only on a vowel or n inside a word, for `it\'s` and `\"quoted\"` have no accents.
    (re.compile(r"\\([\"'`^~=.cvuHrk])\{(\\?[A-Za-zı])\}|(?<=[A-Za-z])\\([\"'`^~])([aeiouyn])"), _accent),
    (re.compile(r"\{\\([\"'`^~=.])\s*([A-Za-zı])\}|\{\\([cvuHrk])\s+([A-Za-z])\}"), _accent),
    (re.compile(r"\\([\"'`^~])(\\[ij])(?:\{\}|\s(?=[a-z])|(?![A-Za-z]))"), _accent),
    # At the beginning of a name only where no closing quote follows: `\"Alright\"` has none.
    (re.compile(r"(?<![A-Za-z\\])\\([\"'`^~])([A-Z])(?=[a-z])(?![^\\]*\\\1(?![A-Za-z]))"), _initial),
    (re.compile(r"\\(aa|ae|oe|ss)\s(?=[a-z])"), lambda found: SYMBOLS[found[1]]),
    # `{ö}`, `1{,}879`, `{B}ayesian`: these braces only hold together.
    (re.compile(r"\{((?![A-Za-z])[^\W\d_])\}|(?<=\d)\{(,)\}(?=\d)|(?<![A-Za-z])\{([A-Z]+)\}(?=[a-z])"), _bare),
    # `C:\times\in` is a path: a symbol follows neither a letter nor a colon, and no backslash follows it.
    (
        re.compile(r"(?<![A-Za-z:\\])\\([A-Za-z]+)(?:\{\}|(?![A-Za-z{\\]))"),
        lambda found: SYMBOLS.get(found[1], found[0]),
    ),
    (re.compile(r"([\^_])\{([^{}]*)\}"), lambda found: _script(found[1], found[2])),
    (re.compile(r"(?<![:\\])\\([%&_#${}])"), r"\1"),
    (re.compile(r"(?<![:\\])\\(?:[,;:]|\\?(?=\s|$))"), " "),
    (re.compile(r"(?<=[a-z])\\-(?=[a-z])"), ""),
)
# Each of these rules looks for one of these: most texts have none, and are read ten times as fast.
_COMMANDS_BEGIN = ("\\", "{")
_TYPOGRAPHY_BEGINS = ("``", "~", "--", "^")
# Addresses hold `~`, `--` and `^2` of their own.
_ADDRESS = re.compile(r"(https?://\S+)")
_TYPOGRAPHY: tuple[_Rule, ...] = (
    (re.compile(r"(?<!`)``(?!`)([^`]*?)''"), r"“\1”"),
    # A tie, but not the `~` of `~5%`, `5~10`, `5%~10%` or `r~0.6`.
    (re.compile(r"(?<=[^\s\d%(\[<=/~])(?<!\b[A-Za-z])~(?=\d)|(?<=[^\s(\[<=/~])~(?=[^\s\d~=])"), " "),
    (re.compile(r"(?<=[^\s-])--(?=[^\s-])"), "–"),
    (re.compile(r"(?<=[^\s-])---(?=[^\s-])"), "—"),
    (re.compile(r"(?<=[\w)\]])\^([+-]?\d+)(?!\.?\d)"), lambda found: _script("^", found[1])),
)


def _apply(rules: tuple[_Rule, ...], text: str) -> str:
    for pattern, replacement in rules:
        text = pattern.sub(replacement, text)
    return text


def readable(text: str) -> str:
    """Read one layer of TeX. A text without any comes back as it was."""
    text = _formulas(text)
    if _holds(text, _COMMANDS_BEGIN):
        text = _apply(_COMMANDS, text)
    if not _holds(text, _TYPOGRAPHY_BEGINS):
        return text
    parts = _ADDRESS.split(text)
    parts[::2] = [_apply(_TYPOGRAPHY, part) for part in parts[::2]]
    return "".join(parts)


def _holds(text: str, signs: tuple[str, ...]) -> bool:
    return any(sign in text for sign in signs)
