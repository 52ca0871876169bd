"""What a word is, alike in topics and papers: cutting, folding, inflection, joining. Knows neither query nor paper."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from itertools import accumulate, chain
from typing import NamedTuple

import Stemmer

from digest.topics.spelling import KEPT, common

# How a word hangs on the one before it.
SPACE, HYPHEN, BREAK = " ", "-", ". "

# Scripts written without spaces: each character is a word, and any run of characters is a phrase.
_UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff"
_ARGUMENT = r"(?:\d{1,3}|[A-Za-z])[²³]?"


def _words_of(letter: str, unspaced: str) -> re.Pattern[str]:
    """Make the expression that parts a text at words of such letters, or one character of a script without spaces.

    Combining marks and soft hyphens belong to the letter before them; `C++`, `C#`, `.NET`, `4.1`, `A*`, `E(3)`,
    `p(x|y)` and `transformer(s)` are whole words.
    """
    return re.compile(
        rf"({unspaced}(?<!\w)[A-Z][*＊](?![\w*])"
        rf"|(?<!\w){letter}{{1,4}}+\((?!(?<=\w\w.)e?s\)){_ARGUMENT}(?:[,|]\s?{_ARGUMENT})?\)"
        rf"|(?:(?<![\w.])\.(?=[A-Z]{{2}}))?{letter}"
        rf"(?:{letter}++|[\u0300-\u036f\u00ad]|['’](?={letter})|(?<=\d)[.,](?=\d))*"
        r"(?:(?:\+\+|＋＋)(?!\w)|[#＃](?!\w)|(?<=\w\w)\(e?s\))?)"
    )


_WORD = _words_of(rf"(?:(?![{_UNSPACED}])[^\W_])", f"[{_UNSPACED}]|")
# The same for texts of ASCII alone, as most are: it need not ask of each letter which script it is of.
_ASCII_WORD = _words_of("[A-Za-z0-9]", "")
_BREAK = re.compile(r"""[()\[\]{}<>;!?…—|（）［］【】《》；！？。、，]|[.,:]['"’”]*\s|\s[.,:]|\s[-–]+\s""")
_PLAIN_GAPS = {" ": SPACE, "-": HYPHEN, "": HYPHEN, "\n": SPACE, ", ": BREAK, ". ": BREAK, " (": BREAK, ") ": BREAK}

# Letters that carry no separable accent, so that Unicode's decomposition leaves them alone.
_LOOKALIKES = str.maketrans(
    {"ł": "l", "Ł": "L", "ø": "o", "Ø": "O", "đ": "d", "Đ": "D", "ı": "i", "ß": "ss", "æ": "ae", "Æ": "AE", "œ": "oe"}
)
_GREEK_LETTERS = "αβγδεζηθικλμνξοπρστυφχψω"
_GREEK_NAMES = re.findall(
    r"\w+",
    """alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi omicron pi rho sigma tau upsilon phi chi
    psi omega""",
)
_GREEK = str.maketrans(dict(zip(_GREEK_LETTERS, _GREEK_NAMES, strict=True)))
_GREEK |= str.maketrans(dict(zip(_GREEK_LETTERS.upper(), (name.title() for name in _GREEK_NAMES), strict=True)))
_GREEK_LETTERS += _GREEK_LETTERS.upper()
MOST_SIGNS = 2
# 150 bytes each: those of a few papers and topics in a row. An index asks of each of its words once.
KEEP_WORDS = 1 << 13


class Token(NamedTuple):
    """One word of a text: `surface` without accents and possessive, half-open character span, and the gap before it."""

    surface: str
    start: int
    end: int
    gap: str


class Columns(NamedTuple):
    """The words of a text in order, each fact of a `Token` in a list of its own."""

    surfaces: list[str]
    starts: list[int]
    ends: list[int]
    gaps: list[str]


def cut(text: str) -> Iterator[Token]:
    """Yield the words of `text`, in order."""
    return map(Token._make, zip(*columns(text), strict=True))


def columns(text: str) -> Columns:
    """Cut `text` into its words: all at once, for to make a token of each takes twice as long."""
    # What is between the words, and the words, in turn.
    pieces = (_ASCII_WORD if text.isascii() else _WORD).split(text)
    bounds = list(accumulate(map(len, pieces)))
    surfaces = [word if word.isascii() and word.isalnum() else plain(word) for word in pieces[1::2]]
    if not all(surfaces):
        return _without_empty(text, surfaces, bounds)
    gaps = [_PLAIN_GAPS.get(between) or gap(between) for between in pieces[:-1:2]]
    return Columns(surfaces, bounds[:-1:2], bounds[1::2], gaps)


def _without_empty(text: str, surfaces: list[str], bounds: list[int]) -> Columns:
    """Leave out words of which nothing is left: they are a part of the gap."""
    kept = [place for place, surface in enumerate(surfaces) if surface]
    starts, ends = [bounds[2 * place] for place in kept], [bounds[2 * place + 1] for place in kept]
    gaps = [gap(text[last:start]) for last, start in zip([0, *ends], starts, strict=False)]
    return Columns([surfaces[place] for place in kept], starts, ends, gaps)


def gap(between: str) -> str:
    """Say how two words hang together that have `between` between them."""
    if between in _PLAIN_GAPS:
        return _PLAIN_GAPS[between]
    if _BREAK.search(between):
        return BREAK
    blank = between.replace("\n", " ").strip(" \t\r\xa0\u3000\"'“”‘’*$&")
    return HYPHEN if blank or not re.search(r"\s", between) else SPACE


def plain(word: str) -> str:
    """Take the accents, soft hyphens, apostrophes and a possessive s off `word`; its case stays."""
    if word.isascii() and word.isalnum():
        return word
    word = re.sub(r"['’][sS]$|\(e?s\)$", "", word) if len(word) > 4 or "(" not in word else word
    if re.match(f"[{_UNSPACED}]", word):
        return unicodedata.normalize("NFKC", word)
    letters = unicodedata.normalize("NFKD", word.translate(_LOOKALIKES))
    kept = unicodedata.normalize("NFC", "".join(c for c in letters if c.isalnum() or c in ".,+#*(|)"))
    # A sign or two are read by their names, so that π0 is pi0 and τ-bench is tau-bench; more are a Greek word.
    return kept.translate(_GREEK) if 0 < sum(c in _GREEK_LETTERS for c in kept) <= MOST_SIGNS else kept


@lru_cache(maxsize=KEEP_WORDS)
def fold(surface: str) -> str:
    """Take the case off a word."""
    return surface.casefold()


# A word of three letters or more behind a name: the "Cache" of KVCache, but not the "Ve" of GloVe.
_HUMP = re.compile(r"(?:(?<=[a-z0-9])|(?<=[A-Z]{2}))[A-Z](?=[a-z]{2,})")
_JOINED = re.compile(r"(?<=[A-Z0-9]{2})[a-z]{3,}")


@lru_cache(maxsize=KEEP_WORDS)
def is_name(surface: str) -> bool:
    """Tell whether a word has a capital beyond its first letter, as in RAG, ViT, iPhone."""
    letters = [letter for letter in surface if letter.isalpha()]
    return any(letter.isupper() for letter in letters[1:])


def name_forms(name: str) -> tuple[str, ...]:
    """List the spellings of a name: itself and its plural, or its singular when it was written in the plural.

    A word joined to a name may begin large or small: "KV cache" is KVCache too.
    """
    names = dict.fromkeys((name, _HUMP.sub(lambda hump: hump[0].lower(), name), _JOINED.sub(_raised, name)))
    forms = (
        (each, each[:-1], each + "s") if each.endswith("s") and len(each) > 2 else (each, each + "s") for each in names
    )
    return tuple(dict.fromkeys(chain.from_iterable(forms)))


def _raised(joined: re.Match[str]) -> str:
    return joined[0].title()


_snowball = Stemmer.Stemmer("english", 0)
_INFLECTIONS = frozenset(["", "e", "d", "s", "es", "ed", "ing", "ings", "y", "ies", "ied", "ying", "eing"])
_VOWEL = re.compile("[aeiouy]")
_PLURAL_IES = re.compile(r"(?<=..)ies$")
_ENDING = re.compile(r"(?:(?<=[^su])s|es|ed|ing|ings|e)$")


@lru_cache(maxsize=KEEP_WORDS)
def stem(folded: str) -> str:
    """Reduce a word to what its inflections share.

    Snowball also joins words of one derivation (agent and agentic, transform and transformer), which for a reader are
    different things: where it took more than an inflection off, only the inflection goes.
    """
    folded = common(folded)
    if folded in KEPT:
        return folded
    if not _VOWEL.search(folded):
        return folded[:-1] if len(folded) > 2 and folded.endswith("s") else folded
    root: str = _snowball.stemWord(folded)
    ending = folded[_shared(folded, root) :]
    doubled = ending[:1] == root[-1:] and ending[1:] in _INFLECTIONS
    if ending in _INFLECTIONS or doubled:
        return root
    return _ENDING.sub("", _PLURAL_IES.sub("y", folded))


def _shared(word: str, root: str) -> int:
    """Count the letters two words begin with alike."""
    length = len(root)
    while not word.startswith(root[:length]):
        length -= 1
    return length


_FUNCTION_WORDS = frozenset(
    re.findall(
        r"\w+",
        """a am an and are as at be but by can do for from had has have he her him his how i if in into is it its may me
        my no nor not of off on or our out own s she so t than that the their them then they this to too up us was we
        were what when who will with you your""",
    )
)


def joinable(left: str, between: str, right: str) -> bool:
    """Tell whether two folded words with the gap `between` may also be written as one."""
    if left[-1].isdigit() and right[0].isdigit():
        return False
    if between == SPACE:
        # "of ten" is not "often".
        return left not in _FUNCTION_WORDS and right not in _FUNCTION_WORDS
    return between == HYPHEN


def is_function_word(surface: str) -> bool:
    """Tell whether a word only holds others together."""
    return fold(surface) in _FUNCTION_WORDS
