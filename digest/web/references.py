"""Papers as files for citation managers: all of a mail, or all a reader keeps; BibTeX, RIS, CSL-JSON."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from digest.compose.mime import one_line
from digest.compose.wording import ARXIV_ID
from digest.domain import Paper
from digest.links import Purpose
from digest.store import catalogue, feedback
from digest.web import citation
from digest.web.container import Site
from digest.web.lookup import delivery_behind, reader_behind


def of_digest(request: Request) -> Response:
    """The papers of a mail, in its order, as BibTeX."""
    delivery = delivery_behind(request, Purpose.VIEW)
    papers = catalogue.by_ids(Site.of(request).engine, delivery.shown)
    if not papers:
        raise HTTPException(404)
    return _file(papers, "bib")


def of_saved(request: Request) -> Response:
    """The papers a reader keeps, in the form that the address names."""
    engine, reader = Site.of(request).engine, reader_behind(request, Purpose.SAVED)
    return _file(catalogue.by_ids(engine, feedback.saved_by(engine, reader.id)), request.path_params["form"])


def _file(papers: Sequence[Paper], form: str) -> Response:
    if form not in FORMS:
        raise HTTPException(404)
    write, media_type = FORMS[form]
    named = {"Content-Disposition": f'attachment; filename="papers.{form}"'}
    return Response(write(papers), media_type=media_type, headers=named)


def bibtex(papers: Sequence[Paper]) -> str:
    """Write an entry a paper; two with the same key get a letter each, as bibliographies do."""
    entries, used = [], dict[str, int]()
    for paper in papers:
        key = citation.key(paper)
        used[key] = used.get(key, 0) + 1
        entry = citation.bibtex(paper)
        entries.append(entry if used[key] == 1 else entry.replace(f"{{{key},", f"{{{key}-{used[key]},", 1))
    return "\n".join(entries)


def ris(papers: Sequence[Paper]) -> str:
    """Write records in RIS; lines end as its specification says."""
    return "".join("".join(f"{tag}  - {value}\r\n" for tag, value in _ris(paper)) for paper in papers)


def _ris(paper: Paper) -> list[tuple[str, str]]:
    fields = [("TY", "UNPB"), ("TI", one_line(paper.title))]
    fields += [("AU", _inverted(name)) for name in paper.authors]
    if day := paper.published_at.date() if paper.published_at else paper.listed_on:
        fields += [("PY", str(day.year)), ("DA", f"{day:%Y/%m/%d}")]
    fields += [("AB", one_line(paper.abstract))] if paper.abstract else []
    fields += [("UR", url)] if (url := _url(paper)) else []
    return [*fields, ("ER", "")]


def csl_json(papers: Sequence[Paper]) -> str:
    """Write items as the Citation Style Language names them."""
    return json.dumps([_csl(paper) for paper in papers], ensure_ascii=False, indent=1)


def _csl(paper: Paper) -> Mapping[str, object]:
    day = paper.published_at.date() if paper.published_at else paper.listed_on
    item: dict[str, object] = {
        "id": paper.id,
        "type": "article",
        "title": one_line(paper.title),
        "author": [_name(name) for name in paper.authors],
        "abstract": one_line(paper.abstract),
        "URL": _url(paper),
        "issued": {"date-parts": [[day.year, day.month, day.day]]} if day else {},
        "number": f"arXiv:{paper.id}" if ARXIV_ID.fullmatch(paper.id) else "",
    }
    return {name: value for name, value in item.items() if value}


def _name(name: str) -> Mapping[str, str]:
    given, _, family = one_line(name).rpartition(" ")
    return {"family": family, "given": given} if given else {"literal": family}


def _inverted(name: str) -> str:
    given, _, family = one_line(re.sub(r",", " ", name)).rpartition(" ")
    return f"{family}, {given}" if given else family


def _url(paper: Paper) -> str:
    return f"https://arxiv.org/abs/{paper.id}" if ARXIV_ID.fullmatch(paper.id) else ""


FORMS: Mapping[str, tuple[Callable[[Sequence[Paper]], str], str]] = {
    "bib": (bibtex, "application/x-bibtex"),
    "ris": (ris, "application/x-research-info-systems"),
    "json": (csl_json, "application/vnd.citationstyles.csl+json"),
}
