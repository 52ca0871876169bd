"""The signs of other keyboards, as the ones that the language is written with. Same length: offsets stay.

Full-width letters and signs, typographic quotes and the dashes of phones are what they look like.
"""

from __future__ import annotations

from string import ascii_letters, digits

_LIKE = {
    '"': "“”„‟«»‹›「」『』｢｣《》〈〉＂〝〞〟❝❞″‶",
    "-": "−–—―‒‐‑－﹣➖¬",
    "(": "（﹙【〔〖⦅❨",
    ")": "）﹚】〕〗⦆❩",
    ":": "：﹕∶꞉︓",
    "|": "｜¦∣",
    "+": "＋﹢➕",
    "^": "＾ˆ",
    "*": "＊∗⁎٭﹡✱",
    "!": "！﹗",
    ">": "＞﹥",
    "<": "＜﹤",
    "=": "＝﹦",
    "≥": "⩾≧⪰",
    "≤": "⩽≦⪯",
    "&": "＆﹠",
    ",": "，、､﹐﹑،;；﹔؛\u037e。｡•‣●○◦▪■□◆◇▶►➤✓✔☐☑①②③④⑤⑥⑦⑧⑨⑩",
    " ": "\u3000",
}
_FULL_WIDTH = {chr(0xFEE0 + ord(sign)): sign for sign in ascii_letters + digits + ".#@%$/?_'"}
_TO_ASCII = str.maketrans(_FULL_WIDTH | {other: sign for sign, others in _LIKE.items() for other in others})


def ascii_signs(text: str) -> str:
    """Write every sign that looks like one of the language's as that one."""
    return text if text.isascii() and ";" not in text else text.translate(_TO_ASCII)
