"""A paper's own page, and how to cite it."""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from digest.web import citation
from digest.web.container import Site
from digest.web.rendering import PUBLIC, page

# With `.bib` behind it; a DOI may have 220 characters.
LONGEST_ID = 260
MOST_RELATED = 5


def show(request: Request) -> Response:
    """Show all that is known of a paper, or its BibTeX entry under its address with `.bib`."""
    name = request.path_params["name"]
    wants_bib = name.endswith(".bib")
    site = Site.of(request)
    paper = site.library.paper(name.removesuffix(".bib")) if len(name) < LONGEST_ID else None
    if paper is None:
        raise HTTPException(404)
    if wants_bib:
        return Response(citation.bibtex(paper), headers=PUBLIC, media_type="application/x-bibtex; charset=utf-8")
    return page(
        request,
        "paper",
        headers=PUBLIC,
        paper=paper,
        days=site.library.days_of(paper.id),
        related=site.searches.related(paper, site.previews.matcher, MOST_RELATED),
        bibtex=citation.bibtex(paper),
        meta=citation.meta_tags(paper),
        coins=citation.coins(paper),
        schema=citation.schema(paper, site.settings.base_url),
        today=site.now().date(),
    )
