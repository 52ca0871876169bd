"""A paper as citation managers and search engines read it: BibTeX, Google Scholar's tags, COinS, schema.org. Pure."""

from __future__ import annotations

import json
import re
import unicodedata
from datetime import date
from urllib.parse import quote, urlencode

from markupsafe import Markup

from digest.compose.mime import one_line
from digest.compose.wording import ARXIV_ID
from digest.domain import Paper

# BibTeX reads these as its own; the others it takes as they are, in UTF-8.
SPECIAL = str.maketrans(
    {
        "\\": r"\textbackslash{}",
        "{": r"\{",
        "}": r"\}",
        "&": r"\&",
        "%": r"\%",
        "$": r"\$",
        "#": r"\#",
        "_": r"\_",
        "~": r"\textasciitilde{}",
        "^": r"\textasciicircum{}",
    }
)
MOST_AUTHORS = 100  # in tags; the page names them all
LITTLE = {"a", "an", "the", "on", "in", "of", "for", "to", "and", "is", "are", "do", "does", "how", "what", "can"}


def bibtex(paper: Paper) -> str:
    """Write the entry; a capital that matters stays one, in braces."""
    fields = {
        "title": "{" + _tex(paper.title) + "}",
        "author": " and ".join(_tex(name) for name in paper.authors),
        "year": str(day.year) if (day := _day(paper)) else "",
    }
    if ARXIV_ID.fullmatch(paper.id):
        fields |= {"eprint": paper.id, "archivePrefix": "arXiv", "url": f"https://arxiv.org/abs/{paper.id}"}
        fields |= {"primaryClass": _tex(paper.categories[0])} if paper.categories else {}
    written = ",\n".join(f"  {name} = {{{value}}}" for name, value in fields.items() if value)
    return f"@misc{{{key(paper)},\n{written}\n}}\n"


def key(paper: Paper) -> str:
    """Make the key people would: family name of the first author, year, first telling word of the title."""
    family = _letters(paper.authors[0].split()[-1]) if paper.authors and paper.authors[0].split() else ""
    day = _day(paper)
    words = [_letters(word) for word in re.split(r"[\s:/-]+", paper.title)]
    word = next((word for word in words if word and word not in LITTLE), "")
    return f"{family}{day.year if day else ''}{word}" or _letters(paper.id) or "paper"


def meta_tags(paper: Paper) -> list[tuple[str, str]]:
    """The tags that Google Scholar and Zotero read from a page."""
    day = _day(paper)
    tags = [("citation_title", paper.title)]
    tags += [("citation_author", name) for name in paper.authors[:MOST_AUTHORS]]
    if day:
        tags.append(("citation_publication_date", f"{day:%Y/%m/%d}"))
    if ARXIV_ID.fullmatch(paper.id):
        tags += [("citation_arxiv_id", paper.id), ("citation_pdf_url", f"https://arxiv.org/pdf/{paper.id}")]
    return [(name, one_line(value)) for name, value in tags]


def coins(paper: Paper) -> str:
    """The same as an OpenURL in a `span` (COinS)."""
    day = _day(paper)
    fields = [
        ("ctx_ver", "Z39.88-2004"),
        ("rft_val_fmt", "info:ofi/fmt:kev:mtx:journal"),
        ("rft.genre", "preprint"),
        ("rft.atitle", paper.title),
        *[("rft.au", name) for name in paper.authors[:MOST_AUTHORS]],
        *([("rft.date", day.isoformat())] if day else []),
        *([("rft_id", f"https://arxiv.org/abs/{paper.id}")] if ARXIV_ID.fullmatch(paper.id) else []),
    ]
    return urlencode(fields, errors="replace")


def schema(paper: Paper, home: str) -> Markup:
    """The same as JSON-LD for search engines; nothing in it can end the element it stands in."""
    day = _day(paper)
    said: dict[str, object] = {
        "@context": "https://schema.org",
        "@type": "ScholarlyArticle",
        "headline": one_line(paper.title),
        "url": f"{home}/papers/{quote(paper.id, errors='replace')}",
        "author": [{"@type": "Person", "name": one_line(name)} for name in paper.authors[:MOST_AUTHORS]],
        "abstract": one_line(paper.abstract),
    }
    if day:
        said["datePublished"] = day.isoformat()
    if ARXIV_ID.fullmatch(paper.id):
        said["sameAs"] = f"https://arxiv.org/abs/{paper.id}"
    text = json.dumps(said, ensure_ascii=True)
    return Markup(text.replace("<", r"\u003c").replace(">", r"\u003e").replace("&", r"\u0026"))


def _day(paper: Paper) -> date | None:
    return paper.published_at.date() if paper.published_at else paper.listed_on


def _tex(text: str) -> str:
    return one_line(text).translate(SPECIAL)


def _letters(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return re.sub(r"[^A-Za-z0-9]", "", plain).lower()
