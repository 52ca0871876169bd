"""How long what strangers write of a paper may be, wherever it is shown: cut once, when a paper is made.

So a row of an older version is shown within them, too. The longest seen in 5,998 papers stand beside each.
"""

from __future__ import annotations

from unicodedata import combining

LONGEST_TITLE = 400  # 152; arXiv takes some 300
LONGEST_NAME = 120  # a person 36, an organisation 79, a keyword 68
LONGEST_SUMMARY = 1_000  # 313
MOST_LABELS = 50  # 30
# Largest whole number a column of either database holds.
MOST_COUNTED = 2**31 - 1


def shortened(text: str, most: int) -> str:
    """Return `text`, or as many whole words of it as fit into so many characters with an ellipsis after them."""
    if len(text) <= most:
        return text
    end = most - 1
    while end > 1 and combining(text[end]):
        end -= 1
    word = text.rfind(" ", most // 2, end + 1)
    return text[: word if word > 0 else end].rstrip(" ,;:.-–—") + "…"


def labels(words: tuple[str, ...], most: int | None = None) -> tuple[str, ...]:
    """Return so many names, each within bounds."""
    return tuple([shortened(word, LONGEST_NAME) for word in words[:most]])


def count(number: int) -> int:
    return min(max(number, 0), MOST_COUNTED)
