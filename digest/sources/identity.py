"""Under which key a paper is known, wherever it is listed: its arXiv id, else its DOI, else the source's own id."""

from __future__ import annotations

import re
from urllib.parse import unquote

from digest.sources.arxiv.entries import arxiv_id
from digest.text import plain

# DOI handbook, 2.2; the version behind a preprint's address (`v2`, `.full.pdf`) is no part of it.
_DOI = re.compile(r"\b10\.\d{4,9}/[^\s?#\"<>]{1,200}")
_VERSION = re.compile(r"(?:v\d+)?(?:\.full)?(?:\.pdf)?/*\Z", re.IGNORECASE)
_ON_ARXIV = re.compile(r"10\.48550/arxiv\.|arxiv\.org/(?:abs|pdf|html)/", re.IGNORECASE)
LONGEST_KEY = 250


def key_of(*said: str, own: str = "") -> str:
    """Find an arXiv id or a DOI in ids and addresses, in this order, or else the source's own key."""
    for text in map(unquote, said):
        if on_arxiv := _ON_ARXIV.search(text):
            if found := arxiv_id("/" + text[on_arxiv.end() :].removesuffix(".pdf").rstrip("/")):
                return found
        elif doi := _DOI.search(text):
            return "doi:" + plain(_VERSION.sub("", doi[0])).lower()
    return plain(own)[:LONGEST_KEY]
