"""Pictures for those who share a page: the right size, no boxes for letters, and no place before anybody who types."""

import asyncio
from datetime import date
from io import BytesIO
from threading import Event

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from selectolax.lexbor import LexborHTMLParser
from starlette.requests import Request

from digest.domain import CollectionRun, Outcome
from digest.store import papers
from digest.web import drawing, pools
from digest.web.pools import Busy, Queue
from tests.support.examples import some
from tests.support.factories import NOW, a_listing, a_paper
from tests.support.visitor import BASE, a_visitor

DAY = date(2025, 12, 24)


@pytest.fixture
def visitor(engine):
    found = [a_listing(a_paper("2512.00001", title="Agents"), upvotes=5), a_listing(a_paper("x/1", title="深度学习"))]
    papers.keep(engine, found, CollectionRun("huggingface", DAY, "api", len(found), 0.1, Outcome.OK, "", NOW))
    return a_visitor(engine)


def picture_of(answer):
    image = Image.open(BytesIO(answer.content))
    image.load()
    return image


@pytest.mark.parametrize("path", ["/", "/archive/2025-12-24", "/papers/2512.00001", "/papers/x/1", "/archive/2025-12"])
def test_a_page_names_a_picture_that_there_is(visitor, path):
    page = LexborHTMLParser(visitor.get(path).text)
    url = page.css_first('meta[property="og:image"]').attributes["content"]
    assert url.startswith(f"{BASE}/")
    answer = visitor.get(url.removeprefix(BASE))
    assert answer.headers["content-type"] == "image/png"
    assert "max-age=86400" in answer.headers["cache-control"]
    assert picture_of(answer).size == (1200, 630)
    assert visitor.get(url, headers={"If-None-Match": answer.headers["etag"]}).status_code == 304


def test_what_is_not_there_has_no_picture(visitor):
    for path in ("/papers/none.png", "/archive/2025-12-25.png", "/archive/x.png", "/archive/20251224.png", "/x.png"):
        assert visitor.get(path).status_code == 404


def test_a_title_we_have_no_letters_for_is_not_drawn_and_others_lose_their_accents_at_most():
    assert drawing.drawable("大規模言語モデルの評価") == drawing.drawable("دراسة شاملة") == ""
    assert drawing.card("深度学习") == b""
    assert drawing.drawable("Łódź: α ≤ β, “x²” — ﬁne") == "Łódź: α ≤ β, “x²” — fine"
    assert drawing.drawable("𝒟eep 👩🏽‍🔬 nets") == "Deep nets"


@settings(max_examples=some(40), deadline=None)
@given(title=st.text(max_size=400), line=st.text(max_size=400))
def test_any_words_make_a_picture_or_none(title, line):
    drawn = drawing.card(title, [known] if (known := drawing.drawable(line)) else [])
    assert not drawn or Image.open(BytesIO(drawn)).size == (1200, 630)


def from_network(host):
    async def stay():
        await asyncio.Event().wait()

    return Request({"type": "http", "client": (host, 1), "headers": []}, stay)


def test_one_network_waits_in_half_the_places_and_the_next_visitor_finds_one(monkeypatch):
    monkeypatch.setattr(pools, "MOST_OF_ONE_NETWORK", 2)
    queue, held = Queue(1, "test"), Event()

    async def visits():
        loud = [asyncio.create_task(queue.run(from_network("192.0.2.1"), held.wait)) for _ in range(2)]
        await asyncio.sleep(0)
        with pytest.raises(Busy):
            await queue.run(from_network("192.0.2.1"), held.wait)
        other = asyncio.create_task(queue.run(from_network("192.0.2.2"), lambda: "served"))
        held.set()
        assert await other == "served"
        await asyncio.gather(*loud)
        assert await queue.run(from_network("192.0.2.1"), lambda: "served again") == "served again"

    asyncio.run(visits())
    queue.close()
