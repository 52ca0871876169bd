"""What strangers wrote: one line of readable text and links one can follow, cleaned once, on the way in; its sentences.

HTML is text here, never markup; nothing raises, whatever comes.
"""

from __future__ import annotations

import re
from itertools import chain, groupby, islice
from unicodedata import category, combining, normalize

import httpx

from digest.text.tex import readable

# The longest abstract seen has 1,923 characters; the rest of a longer text is not worth the time it costs.
MOST_CHARACTERS = 20_000
# What is kept as it was sent, and looked at at all: white space folded, it is shorter.
MOST_RAW_CHARACTERS = 2 * MOST_CHARACTERS
MOST_URL_CHARACTERS = 2_000
# Real texts are read in four rounds at most.
MOST_ROUNDS = 20
# Control characters, zero-width and bidirectional marks, and halves of surrogate pairs.
_UNSEEN = frozenset({"Cc", "Cf", "Cs"})
_UNSTORABLE = re.compile("[\0\ud800-\udfff]")
# No letter has more marks on it (UAX 15, 13); composing takes quadratic time where thousands stand in a row.
MOST_MARKS = 30
_STACKED = re.compile(rf"[^\w\s\x00-\x7f]{{{MOST_MARKS + 1},}}")
# A sentence ends at a stop before anything but a small letter, not after what scientists abbreviate or an initial; in
# Chinese and Japanese at its stop, whatever follows. The stop stands first, so that only there is looked back: looking
# back from every letter took thirteen times as long.
_SENTENCE_END = re.compile(
    r"""[.!?。！？](?:(?<=[.!?])(?<!\be\.g.)(?<!\bi\.e.)(?<!\bal.)(?<!\bvs.)(?<!\bcf.)(?<!\bFig.)(?<!\bEq.)"""
    r"""(?<!\b[A-Z].)["'”)]*\s+(?=[^a-z\s])|(?<=[。！？])["'”』」）)]*\s*)"""
)
_TEX_MARKS = dict.fromkeys(map(ord, r"\$^_{}~`"))


def plain(raw: str) -> str:
    """Fold `raw` into one line of readable Unicode. What is plain already stays as it is."""
    text = _one_line(raw[:MOST_RAW_CHARACTERS])[:MOST_CHARACTERS].rstrip()
    for _ in range(MOST_ROUNDS):
        before, text = text, _one_line(readable(text))
        if text == before:
            return text
    # Only a text made to be slow gets here.
    return _one_line(text.translate(_TEX_MARKS))


def sentences(text: str) -> list[tuple[int, int]]:
    """Find where the sentences of a text stand, as half-open stretches without the space between them; at least one."""
    ends = [*(found.end() for found in _SENTENCE_END.finditer(text)), len(text)]
    starts = [0, *ends[:-1]]
    found = [(start, start + len(text[start:end].rstrip())) for start, end in zip(starts, ends, strict=True)]
    return [(start, end) for start, end in found if start < end] or [(0, 0)]


def storable(raw: str) -> str:
    """Keep `raw` as it was sent, but for what neither UTF-8 nor PostgreSQL can hold: NUL and half surrogates."""
    return _UNSTORABLE.sub("", raw[:MOST_RAW_CHARACTERS])


def safe_url(raw: str) -> str:
    """Return `raw` if it is an http(s) link with a host and nothing odd about it, else an empty string."""
    if len(raw) > MOST_URL_CHARACTERS or not raw.isprintable() or any(c.isspace() or c in "<>\"'`\\" for c in raw):
        return ""
    try:
        url = httpx.URL(raw)
        # The host of `https://xn--/` cannot be said, and says so only when it is asked for.
        sound = url.scheme in ("http", "https") and bool(url.host) and not url.userinfo
    except (httpx.InvalidURL, ValueError):
        return ""
    return raw if sound else ""


def _one_line(text: str) -> str:
    if not text.isprintable():
        text = "".join(c for c in text if c.isspace() or category(c) not in _UNSEEN)
    return " ".join(normalize("NFC", _STACKED.sub(_few_marks, text)).split())


def _few_marks(run: re.Match[str]) -> str:
    """Leave of marks in a row the first few; a row of other signs is left as it is."""
    kept = (islice(marks, MOST_MARKS) if stacks else marks for stacks, marks in groupby(run[0], _is_mark))
    return "".join(chain.from_iterable(kept))


def _is_mark(character: str) -> bool:
    return bool(combining(character))
