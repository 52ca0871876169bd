"""HTML that stands where text is meant, as in feeds and in titles with italics: the words in it. Knows the tags people
use, so that `x < y` and a title with `<think>` in it stay as they are."""

from __future__ import annotations

import re
from html import unescape

from digest.text import MOST_RAW_CHARACTERS

# Where one word ends and the next begins, whatever stands between; JATS has the last ones.
_BLOCKS = (
    "p|br|div|ul|ol|li|dl|dt|dd|h[1-6]|hr|table|tbody|thead|tr|td|th|blockquote|pre|figure|figcaption|section|article"
    "|header|footer|img|iframe|title|sec|list|list-item|jats:p|jats:sec|jats:title"
)
_INLINE = (
    "a|abbr|b|bold|cite|code|del|em|font|i|ins|italic|mark|q|s|sc|small|span|strong|sub|sup|tt|u|var|underline"
    "|jats:italic|jats:bold|jats:sub|jats:sup"
)
_HIDDEN = re.compile(r"<(script|style)\b[^<>]*>[^<]*</\1\s*>|<!--[^<>]*-->", re.IGNORECASE)
_BLOCK = re.compile(rf"</?(?:{_BLOCKS})(?:\s[^<>]*|/)?>", re.IGNORECASE)
_TAG = re.compile(rf"</?(?:{_INLINE})(?:\s[^<>]*|/)?>", re.IGNORECASE)
_LABEL = re.compile(r"\A\s*(?i:abstract|summary)(?:\s*[:.]\s*|\s+(?=[A-Z])|(?=[A-Z][a-z]))")
_SHOUTED = re.compile(r"\A\s*ABSTRACT\s*(?=[A-Z])")


def words(html: str) -> str:
    """Take tags out of a text, and say what its entities stand for."""
    text = html[:MOST_RAW_CHARACTERS]
    if "<" in text:
        text = _TAG.sub("", _BLOCK.sub(" ", _HIDDEN.sub(" ", text)))
    return unescape(text) if "&" in text else text


def unlabelled(abstract: str) -> str:
    """Take the word "Abstract" off the beginning of one."""
    return _LABEL.sub("", _SHOUTED.sub("", abstract), count=1)
