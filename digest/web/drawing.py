"""Draws a few words on a card of the size that other sites show. Knows no paper, and draws no box for a letter.

The font is our own, with the letters of Latin, Greek and Cyrillic and the signs of mathematics: what it lacks is
written without its accents, or left out.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from functools import lru_cache
from io import BytesIO

from PIL import Image, ImageDraw, ImageFont

from digest import paths

SIZE = WIDTH, HEIGHT = 1200, 630
MARGIN = 80
TITLE_TOP, TITLE_BOTTOM = 150, 440
TITLE_SIZES = (72, 62, 54, 46, 40)
LINE = 1.22  # of its size, from one line to the next
SMALL = 30
GROUND, INK, QUIET, ACCENT = "#ffffff", "#14181f", "#59606b", "#1f57a4"
COLOURS = 32
LONGEST = 300  # characters: nobody reads more on a picture
# Of the letters of a text, so many can be missing before it says something else.
MOST_MISSING = 0.1
NOWHERE = "\uffff"
KEEP_LETTERS = 4_096


def card(title: str, lines: Sequence[str] = (), upvotes: int = 0) -> bytes:
    """Draw a title, and small lines below it, as PNG; nothing where the title cannot be written."""
    written = drawable(title)
    if not written:
        return b""
    image = Image.new("RGB", SIZE, GROUND)
    pen = ImageDraw.Draw(image)
    pen.rectangle((0, 0, WIDTH, 14), fill=ACCENT)
    pen.text((MARGIN, 64), "Paper Digest", ACCENT, _font(SMALL))
    _title(pen, written)
    _small(pen, [known for line in lines if (known := drawable(line))], upvotes)
    file = BytesIO()
    image.quantize(COLOURS).save(file, "PNG", optimize=True)
    return file.getvalue()


def drawable(text: str) -> str:
    """Write a text with the letters there are; nothing where too many are missing."""
    text = " ".join(text[:LONGEST].split())
    kept = "".join(map(_letters, unicodedata.normalize("NFC", text)))
    sought, found = (sum(map(str.isalnum, one)) for one in (text, kept))
    return " ".join(kept.split()) if found and found >= (1 - MOST_MISSING) * sought else ""


@lru_cache(KEEP_LETTERS)
def _letters(character: str) -> str:
    """A character as it can be drawn: itself, its base letters, or nothing."""
    if character.isspace() or _is_drawn(character):
        return character
    return "".join(filter(_is_drawn, unicodedata.normalize("NFKD", character)))


def _is_drawn(character: str) -> bool:
    if unicodedata.category(character)[0] in "CM":
        return False
    return _mask(character) != _mask(NOWHERE)


@lru_cache(KEEP_LETTERS)
def _mask(character: str) -> bytes:
    return bytes(_font(SMALL).getmask(character))


@lru_cache(len(TITLE_SIZES) + 1)
def _font(size: int) -> ImageFont.FreeTypeFont:
    # Letters stand in a row: the library that shapes other scripts is not always there, and would draw otherwise.
    file = str(paths.templates() / "pictures" / "serif.ttf")
    return ImageFont.truetype(file, size, layout_engine=ImageFont.Layout.BASIC)


def _title(pen: ImageDraw.ImageDraw, title: str) -> None:
    """Write a title as large as it fits."""
    for size in TITLE_SIZES:
        step = round(size * LINE)
        most = (TITLE_BOTTOM - TITLE_TOP) // step
        lines = list(_lines(title, size))
        if len(lines) <= most:
            break
    if len(lines) > most:
        lines = [*lines[: most - 1], _cut(lines[most - 1] + "…", size)]
    for place, line in enumerate(lines):
        pen.text((MARGIN, TITLE_TOP + place * step), line, INK, _font(size))


def _lines(text: str, size: int) -> Iterator[str]:
    """Break a text into lines; a word longer than a line is cut."""
    line = ""
    for word in text.split():
        longer = f"{line} {word}".strip()
        if _fits(longer, size):
            line = longer
            continue
        if line:
            yield line
        line = _cut(word, size)
    yield line


def _cut(text: str, size: int) -> str:
    """Shorten a text until it fits into a line."""
    if _fits(text, size):
        return text
    while text and not _fits(text + "…", size):
        text = text[:-1]
    return text + "…"


def _fits(text: str, size: int) -> bool:
    return _font(size).getlength(text) <= WIDTH - 2 * MARGIN


def _small(pen: ImageDraw.ImageDraw, lines: Sequence[str], upvotes: int) -> None:
    top = HEIGHT - MARGIN // 2 - len(lines) * round(SMALL * 1.35)
    for place, line in enumerate(lines):
        left = MARGIN
        if upvotes and place == 0:
            left = _votes(pen, top, f"{upvotes:,}")
        pen.text((left, top + place * round(SMALL * 1.35)), _cut(line, SMALL + 2), QUIET, _font(SMALL))


def _votes(pen: ImageDraw.ImageDraw, top: int, count: str) -> int:
    """Write a triangle and a number; return where the line goes on."""
    pen.polygon([(MARGIN, top + 28), (MARGIN + 12, top + 8), (MARGIN + 24, top + 28)], fill=ACCENT)
    pen.text((MARGIN + 36, top), count, INK, _font(SMALL))
    return MARGIN + 36 + round(_font(SMALL).getlength(count)) + 28
