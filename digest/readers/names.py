"""What a digest may be called: a few words, since they stand in the subject of mails that we sign. Pure."""

from __future__ import annotations

from unicodedata import category, normalize

# Beside it a subject still has room for a title.
LONGEST_NAME = 40
# Letters, the marks that belong to them, digits; and what is written between words. No dot, colon, slash or @: no mail
# program makes a link of what has none of them.
KINDS = frozenset({"Lu", "Ll", "Lt", "Lm", "Lo", "Mn", "Mc", "Nd", "Nl", "No"})
# The last two join or part letters in Persian and in the scripts of India.
SIGNS = frozenset(" -–'’&+(),!#·\u200c\u200d")
# Letters that nobody sees.
UNSEEN = frozenset("\u115f\u1160\u3164\uffa0")
UNFIT = "Please use only letters, digits, spaces and - ' & + ( ) , ! # (no links, no emoji)."
# A letter with more marks than this covers the lines above and below it.
MOST_MARKS = 3


def read(text: str) -> str:
    """Read a name as somebody typed it; raise ValueError with what to change. None is the name of the first digest."""
    name = normalize("NFC", " ".join(text.split()))
    if not name:
        return ""
    if len(name) > LONGEST_NAME:
        raise ValueError(f"Please keep the name to {LONGEST_NAME} characters.")
    if not all(_may_stand(character) for character in name) or _is_heaped(name):
        raise ValueError(UNFIT)
    if not any(character.isalnum() for character in name):
        raise ValueError("Please use at least one letter or digit.")
    return name


def key(name: str) -> str:
    """What makes two names the same to a person: neither case, nor width, nor what nobody sees."""
    folded = normalize("NFKC", name).casefold()
    return "".join(character for character in folded if character not in "\u200c\u200d")


def _may_stand(character: str) -> bool:
    return character in SIGNS or (category(character) in KINDS and character not in UNSEEN)


def _is_heaped(name: str) -> bool:
    marks = 0
    for character in name:
        marks = marks + 1 if category(character) == "Mn" else 0
        if marks > MOST_MARKS:
            return True
    return False
