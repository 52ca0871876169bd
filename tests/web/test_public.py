"""Pages for everybody: made once, answered from bytes, found by search engines, and whole in every format."""

import gzip
import json
from datetime import date, datetime, timedelta
from urllib.parse import quote
from xml.etree import ElementTree

import anyio
import html5lib
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from selectolax.lexbor import LexborHTMLParser

from digest.domain import CollectionRun, Outcome
from digest.store import papers
from digest.web import citation, memory
from digest.web.listing import bare, bars, chart_text
from digest.web.pools import Queue
from tests.support.examples import some
from tests.support.factories import NOW, a_listing, a_paper
from tests.support.visitor import BASE, Visitor, a_visitor

DAY = date(2025, 12, 24)
HOSTILE = a_paper(
    title="Agents <script>alert(1)</script> \"'& \\ {x}_%$ \u202e",
    authors=("Ada & Bob </script>", "Ló Pérez", '"; drop'),
    organization="Lab <b>",
    abstract="Agents </script> act.",
    summary="They <i>act</i>.",
    keywords=("agents", "<x>"),
    id="2512.00003",
    published_at=datetime(2025, 12, 22, tzinfo=NOW.tzinfo),
    code_url="https://github.com/example/agents",
)
PAGES = [
    "/",
    "/archive",
    "/archive/2025-12-24",
    "/archive/2025-12-20",
    "/archive/2025-W52",
    "/archive/2025-12",
    "/papers/2512.00003",
    "/search",
    "/search?q=agents",
    "/search?q=agents&order=newest&since=2025-12-01&code=yes",
    "/search?q=%22",
    "/search?q=nothing+at+all",
    "/authors/L%C3%B3%20P%C3%A9rez",
    "/organizations/Lab%20%3Cb%3E",
    "/feeds",
    "/zones",
    "/preview?topics=agents",
]


def stored(engine, *listings, day=DAY, at=NOW):
    papers.keep(engine, listings, CollectionRun("huggingface", day, "api", len(listings), 0.1, Outcome.OK, "", at))


@pytest.fixture
def visitor(engine):
    stored(engine, a_listing(title="Old agents", day=date(2025, 12, 19)), day=date(2025, 12, 19))
    stored(engine, a_listing(HOSTILE, rank=1, upvotes=5, comments=2), a_listing(title="New agents", rank=2))
    return a_visitor(engine)


@pytest.mark.parametrize("path", PAGES)
def test_every_public_page_is_valid_and_describes_itself(visitor, path):
    answer = visitor.get(path)
    html5lib.HTMLParser(strict=True).parse(answer.text)
    page = LexborHTMLParser(answer.text)
    assert len(page.css("h1")) == 1
    assert not page.css("script:not([src]):not([type='application/ld+json'])")
    if answer.status_code == 200 and answer.headers["x-robots-tag"] == "all" and path != "/zones":
        assert page.css_first("link[rel=canonical]").attributes["href"].startswith(BASE)
        said = {tag.attributes["property"]: tag.attributes["content"] for tag in page.css("meta[property]")}
        assert said.keys() >= {"og:title", "og:description", "og:url", "og:type", "og:image"}
        assert all(said.values())


def test_a_second_visitor_is_answered_from_bytes(visitor):
    first, second = visitor.get("/"), visitor.get("/?utm_source=mail")
    assert first.content == second.content
    tag = first.headers["etag"]
    assert visitor.get("/", headers={"If-None-Match": tag}).status_code == 304
    again = visitor.get("/", headers={"If-Modified-Since": first.headers["last-modified"]})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == tag
    assert visitor.get("/", headers={"If-Modified-Since": "nonsense"}).status_code == 200
    head = visitor.send("HEAD", "/")
    assert (head.content, head.headers["content-length"]) == (b"", first.headers["content-length"])


def test_a_page_is_packed_once_for_who_can_unpack_it(visitor):
    plain = visitor.get("/", headers={"Accept-Encoding": "identity"})
    packed = visitor.get("/", headers={"Accept-Encoding": "gzip"})
    assert packed.headers["content-encoding"] == "gzip"
    assert packed.text == plain.text
    assert int(packed.headers["content-length"]) < len(plain.content) / 2
    assert packed.headers["etag"] != plain.headers["etag"]
    assert "Accept-Encoding" in packed.headers["vary"]


def test_a_new_collection_is_on_the_page_as_soon_as_anybody_looks(visitor, engine, monkeypatch):
    monkeypatch.setattr(memory, "LOOK_AGAIN_SECONDS", 0)
    assert "Brand new" not in visitor.get("/").text
    stored(engine, a_listing(title="Brand new"), at=NOW + timedelta(minutes=1))
    assert "Brand new" in visitor.get("/").text


def test_memory_forgets_what_is_least_used_before_it_is_full(monkeypatch):
    monkeypatch.setattr(memory, "MOST_BYTES", 1000)
    kept = memory.Memory(lambda: (1, NOW, DAY))
    kept.version = (1, NOW, DAY)
    for number in range(10):
        kept.keep(str(number), memory.Made(b"x" * 200, {}), kept.version)
        kept.find("0")
    assert kept.find("0")
    assert not kept.find("1")
    kept.keep("old", memory.Made(b"x", {}), (0, NOW, DAY))
    assert not kept.find("old"), "it was made of what there was before"


def test_the_look_for_a_new_collection_waits_for_no_other_work():
    kept = memory.Memory(lambda: (1, NOW, DAY))

    async def look_while_all_places_are_taken():
        others = anyio.to_thread.current_default_thread_limiter()
        others.total_tokens = 1
        with anyio.fail_after(5):
            async with others:
                await kept.refresh()

    anyio.run(look_while_all_places_are_taken)
    assert kept.version == (1, NOW, DAY)


def test_files_are_kept_for_a_year_by_a_name_that_changes_with_them(visitor):
    page = LexborHTMLParser(visitor.get("/").text)
    for link in [page.css_first("link[rel=stylesheet]").attributes["href"], page.css_first("script").attributes["src"]]:
        answer = visitor.get(link)
        assert "immutable" in answer.headers["cache-control"]
        assert answer.headers["content-encoding"] == "gzip"
    assert visitor.get("/style.css").status_code == 200


def test_a_paper_page_has_what_citation_managers_and_search_engines_read(visitor):
    page = LexborHTMLParser(visitor.get("/papers/2512.00003").text)
    tags = [(tag.attributes["name"], tag.attributes["content"]) for tag in page.css("meta[name^=citation_]")]
    assert ("citation_author", "Ló Pérez") in tags
    assert ("citation_publication_date", "2025/12/22") in tags
    assert ("citation_pdf_url", "https://arxiv.org/pdf/2512.00003") in tags
    said = json.loads(page.css_first("script[type='application/ld+json']").text(deep=True))
    assert said["@type"] == "ScholarlyArticle"
    assert said["author"][0]["name"] == "Ada & Bob </script>"
    assert "ctx_ver=Z39.88-2004" in page.css_first("span.Z3988").attributes["title"]
    bib = visitor.get("/papers/2512.00003.bib")
    assert bib.headers["content-type"].startswith("application/x-bibtex")
    assert bib.text == page.css_first("#bibtex").text()


def test_bibtex_means_what_it_says_whatever_stands_in_a_title():
    entry = citation.bibtex(HOSTILE)
    assert entry.startswith("@misc{script2025agents,\n") or entry.startswith("@misc{")
    assert r"\{x\}\_\%\$" in entry
    assert "author = {Ada \\& Bob </script> and Ló Pérez" in entry
    assert "eprint = {2512.00003}" in entry


@settings(max_examples=some(60), deadline=None)
@given(title=st.text(max_size=40), authors=st.lists(st.text(max_size=20), max_size=3))
def test_every_paper_can_be_cited(title, authors):
    paper = a_paper(title=title, authors=tuple(authors))
    entry = citation.bibtex(paper)
    plain = entry.replace("\\{", "").replace("\\}", "")
    assert plain.count("{") == plain.count("}")
    assert citation.key(paper).isalnum()
    assert json.loads(str(citation.schema(paper, BASE)))["@type"] == "ScholarlyArticle"
    assert citation.coins(paper)


def test_what_is_not_there_is_not_found(visitor):
    for path in (
        "/papers/9999.99999",
        "/papers/",
        "/papers/x.bib",
        # PostgreSQL has no NUL in any text.
        "/papers/%00",
        "/papers/2512.00003%00.bib",
        "/papers/%ff%ed%a0%80",
        "/authors/%00",
        "/authors/Nobody%20Here",
        "/organizations/",
        "/papers/" + "9" * 3000,
    ):
        assert visitor.get(path).status_code == 404, path


def test_feeds_carry_summaries_reasons_and_a_way_to_ask_whether_anything_changed(visitor):
    answer = visitor.get("/feed.atom?topics=agents")
    feed = ElementTree.fromstring(answer.content)
    content = feed.findtext(".//{*}entry[{*}id]/{*}content")
    assert "AI summary" in content
    assert "Matches agents" in content
    assert visitor.get("/feed.atom?topics=agents", headers={"If-None-Match": answer.headers["etag"]}).status_code == 304
    assert "last-modified" in answer.headers
    items = visitor.get("/feed.json?topics=agents").json()
    assert items["version"] == "https://jsonfeed.org/version/1.1"
    assert items["home_page_url"] == f"{BASE}/preview?topics=agents"
    assert {item["id"] for item in items["items"]} >= {f"{BASE}/papers/2512.00003"}
    assert all(item["content_text"] for item in items["items"])


def test_the_days_are_a_feed_too(visitor):
    feed = ElementTree.fromstring(visitor.get("/days.atom").content)
    assert [entry.findtext("{*}id") for entry in feed.iter("{http://www.w3.org/2005/Atom}entry")] == [
        f"{BASE}/archive/2025-12-24",
        f"{BASE}/archive/2025-12-19",
    ]
    assert len(visitor.get("/days.json").json()["items"]) == 2


def test_feed_readers_and_visitors_have_limits_of_their_own(engine, monkeypatch):
    visitor = a_visitor(engine)
    for number in range(241):
        status = visitor.get(f"/preview?topics=x{number}").status_code
    assert status == 429
    # Who has had enough does not wait for a place either.
    monkeypatch.setattr(Queue, "run", lambda *_: pytest.fail("took a place"))
    assert visitor.get("/search?q=another").status_code == 429
    monkeypatch.undo()
    assert visitor.get("/feed.atom?topics=x").status_code == 200
    assert Visitor(visitor.app, "198.51.100.7").get("/preview?topics=x").status_code == 200


def test_robots_are_told_what_there_is_and_find_no_page_of_a_reader(visitor):
    rules = visitor.get("/robots.txt").text
    assert "Disallow: /preferences/" in rules
    assert f"Sitemap: {BASE}/sitemap.xml" in rules
    places = [place.text for place in ElementTree.fromstring(visitor.get("/sitemap.xml").content).findall(".//{*}loc")]
    assert f"{BASE}/papers/2512.00003" in places
    assert f"{BASE}/archive/2025-12-24" in places
    for place in places:
        assert visitor.get(place).status_code == 200


def test_a_chart_can_be_read_aloud_and_an_empty_one_drawn():
    by_day = [(DAY - timedelta(days=1), 0), (DAY, 4)]
    assert (
        chart_text(by_day).replace("\u00a0", " ")
        == "Papers a day from Dec 23 to Dec 24: 4 in all, most on Dec 24 with 4"
    )
    assert [bar.height for bar in bars(by_day)] == [1.0, 56.0]
    assert bars([]) == []
    assert chart_text([])


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ('author:"Ada Lovelace"', "Ada Lovelace"),
        ("org:nvidia", "nvidia"),
        ('"tree search"', "tree search"),
        ("RAG", "RAG"),
    ],
)
def test_a_suggestion_is_shown_as_a_name_and_not_as_syntax(line, name):
    assert bare(line) == name


def test_a_packed_file_is_the_file():
    made = memory.Made(b"x" * 1000, {})
    assert gzip.decompress(made.packed) == made.body


def test_names_with_anything_in_them_are_searched_not_obeyed(visitor):
    for name in ('"', "a\nb", "%", "-x", "a" * 500, "☃", "' OR 1=1"):
        assert visitor.get("/authors/" + quote(name)).status_code in (200, 404)
        assert visitor.get("/search", params={"q": name, "since": name, "from": name}).status_code == 200
