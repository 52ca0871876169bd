"""What a reader makes of a mail, or of a paper in it: a page that says what it would change, and a button. GET changes
nothing, because programs follow every link in a mail."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from digest.domain import Delivery, Order, Paper, Reader
from digest.links import Purpose
from digest.match import Matcher
from digest.readers import feedback
from digest.readers.feedback import OF_A_MAIL, OF_A_PAPER, Answer, Known, Proposal
from digest.readers.form import Typed
from digest.store import catalogue
from digest.store import feedback as kept
from digest.topics import parse
from digest.web.container import Site
from digest.web.lookup import delivery_behind, reader_behind, still_there
from digest.web.rendering import page

# What was chosen was done by an earlier press, or cannot be done any more.
ALREADY = "Already done. You can choose something else, or undo it."
NOT_ON_OFFER = "That choice is no longer available. Please choose again."


@dataclass(frozen=True, slots=True)
class Asked:
    """Whose answer is awaited, about which mail, and about which paper in it, if about one."""

    reader: Reader
    delivery: Delivery
    paper: Paper | None
    # What the link said; empty where all answers are offered.
    answer: Answer | None
    today: date
    # Of a vote: what sets the paper apart, and which topics of the reader's fit.
    known: Known | None = None

    @property
    def paper_id(self) -> str:
        return self.paper.id if self.paper else ""

    @property
    def proposals(self) -> list[Proposal]:
        if self.answer is None:
            return []
        return feedback.proposals(self.answer, self.reader.preferences, self.today, self.known)

    @property
    def terms(self) -> Sequence[str]:
        return self.known.terms if self.known else ()

    @property
    def counts(self) -> bool:
        """Whether a vote moves the order of the reader's digests."""
        return bool(self.terms) and self.reader.preferences.order is Order.MIXED


def ask(request: Request) -> Response:
    """Show what an answer would change, and the button."""
    return _page(request, _asked(request))


def _page(request: Request, asked: Asked, notice: str = "") -> Response:
    answers = OF_A_PAPER if asked.paper else OF_A_MAIL
    here = request.path_params["token"]
    return page(request, "feedback", asked=asked, answers=answers, here=here, notice=notice)


def act(request: Request, filled: Typed) -> Response:
    """Take an answer, and the change that was chosen with it."""
    site, asked = Site.of(request), _asked(request)
    if asked.answer is None:
        raise HTTPException(404)
    chosen = next((each for each in asked.proposals if each.name == filled.get("change")), None)
    if filled.get("change") and chosen is None:
        done = feedback.said_before(site.engine, asked.reader, asked.delivery.id, asked.paper_id, asked.answer)
        return _page(request, asked, ALREADY if done else NOT_ON_OFFER)
    wanted = chosen.wanted if chosen else None
    reader = feedback.answer(
        site.engine, asked.reader, asked.delivery.id, asked.paper_id, asked.answer, wanted, site.now(), asked.terms
    )
    here = request.path_params["token"]
    return page(request, "answered", asked=asked, chosen=chosen, reader=still_there(reader), here=here)


def undo(request: Request, _filled: Typed) -> Response:
    """Take an answer back, with what it changed."""
    site, asked = Site.of(request), _asked(request)
    if asked.answer is None:
        raise HTTPException(404)
    reader = feedback.undo(site.engine, asked.reader, asked.delivery.id, asked.paper_id, asked.answer, site.now())
    still_there(reader)
    return page(request, "undone", asked=asked, here=request.path_params["token"])


def saved(request: Request) -> Response:
    """List the papers a reader keeps."""
    site, reader = Site.of(request), reader_behind(request, Purpose.SAVED)
    papers = catalogue.by_ids(site.engine, kept.saved_by(site.engine, reader.id))
    return page(request, "saved", papers=papers, here=request.path_params["token"])


def _asked(request: Request) -> Asked:
    """Find what a link is about; whatever is wrong with it, the answer is the same 404."""
    site, token = Site.of(request), request.path_params["token"]
    delivery = delivery_behind(request, Purpose.FEEDBACK)
    named = site.links.read(Purpose.FEEDBACK, token, site.now())
    paper = catalogue.find(site.engine, named.paper) if named and named.paper in delivery.shown else None
    if named is None or (named.paper and paper is None):
        raise HTTPException(404)
    said = request.path_params.get("answer", "")
    if said and said not in (OF_A_PAPER if paper else OF_A_MAIL):
        raise HTTPException(404)
    known = _known(site, delivery.reader, paper) if paper and said in (Answer.MORE, Answer.LESS) else None
    return Asked(delivery.reader, delivery, paper, Answer(said) if said else None, site.now().date(), known)


def _known(site: Site, reader: Reader, paper: Paper) -> Known:
    """Find what sets a paper apart from what its reader follows, in its keywords or its own words; and what fits it."""
    topics, alone = reader.preferences.topics, Matcher([paper])
    fitting = [topic for topic in topics if alone.matching(parse([topic]))]
    terms = feedback.telling_terms(paper.keywords, topics)
    if not terms:
        words = site.previews.matcher.distinguishing_terms(paper, parse(topics))
        terms = feedback.telling_terms(words, topics)
    return Known(paper, terms, fitting)
