"""The signs of other keyboards, as the ones that the language is written with. Same length: offsets stay.

Full-width signs, typographic quotes and the dashes of phones are what they look like. Words are left alone.
"""

from __future__ import annotations

_LIKE = {
    '"': "“”„‟«»‹›「」『』＂〝〞〟❝❞",
    "-": "−–—―‒‐‑－﹣➖¬",
    "(": "（﹙",
    ")": "）﹚",
    ":": "：﹕∶",
    "|": "｜¦∣",
    "+": "＋﹢➕",
    "^": "＾ˆ",
    "*": "＊∗⁎",
    "!": "！﹗",
    ">": "＞",
    "<": "＜",
    "=": "＝",
    ",": "，、､﹐﹑،;；﹔؛\u037e。｡•‣●",
    " ": "\u3000",
}
_TO_ASCII = str.maketrans({other: sign for sign, others in _LIKE.items() for other in others})


def ascii_signs(text: str) -> str:
    """Write every sign that looks like one of the language's as that one."""
    return text if text.isascii() and ";" not in text else text.translate(_TO_ASCII)
