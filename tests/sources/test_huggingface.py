import json
import re
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.sources import Answer, UnknownSource, by_name, fetch
from digest.text import plain
from tests.support.page_server import PageServer, a_page, a_record
from tests.support.realdata import capture, huggingface_days

WEDNESDAY, CHRISTMAS, SATURDAY = date(2025, 12, 24), date(2025, 12, 25), date(2025, 12, 20)
PAGE = f"/papers/date/{WEDNESDAY}"
SOURCE = by_name("huggingface")
CHALLENGE = b'<html><script src="https://waf.example/challenge.js"></script><body></body></html>'


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch):
    monkeypatch.setattr("tenacity.nap.time.sleep", lambda seconds: None)


@pytest.fixture
def server():
    with PageServer({WEDNESDAY: [a_record(upvotes=9, comments=2), a_record()]}) as server:
        yield server


def ask(server, day=WEDNESDAY):
    with fetch.client(base_url="https://digest.example.org") as client:
        return fetch.collect(SOURCE, day, base_url=server.url, client=client)[0]


def told(answers, day=WEDNESDAY):
    """The haul where the API and then the page answer with these bodies."""
    exchange, bodies = SOURCE.ask(day), iter(answers)
    request = next(exchange)
    try:
        while True:
            request = exchange.send(Answer(200, f"https://papers.example{request.path}", {}, next(bodies)))
    except StopIteration as end:
        return end.value


def listed(*records, day=WEDNESDAY):
    return told([json.dumps(records).encode(), b""], day)


def ids(result):
    return [listing.paper.id for listing in result.listings]


def test_the_api_is_asked_for_one_day_in_the_longest_pages_there_are(server):
    result = ask(server)
    assert (result.step, result.problem, result.notes, result.dropped) == ("api", "", (), ())
    assert [(listing.rank, listing.upvotes, listing.comments) for listing in result.listings] == [(1, 9, 2), (2, 0, 0)]
    assert {(listing.source, listing.day) for listing in result.listings} == {("huggingface", WEDNESDAY)}
    assert [seen.params for seen in server.requests] == [{"date": "2025-12-24", "limit": "100", "p": "0"}]


@pytest.mark.parametrize("count", [49, 50, 51, 99, 100, 101, 250])
def test_a_day_of_any_length_comes_whole(server, count):
    server.days[WEDNESDAY] = [a_record(f"2512.{n:05}") for n in range(count)]
    assert ids(ask(server)) == [f"2512.{n:05}" for n in range(count)]


@pytest.mark.parametrize("ignored", ["p", "limit"])
def test_a_server_that_ignores_paging_does_not_keep_it_busy(server, ignored):
    server.days[WEDNESDAY] = [a_record(f"2512.{n:05}") for n in range(120)]
    server.ignores(ignored)
    result = ask(server)
    assert ids(result) == [f"2512.{n:05}" for n in range(100 if ignored == "p" else 120)]
    assert len(server.requests) <= 4


def test_every_field_is_read():
    record = a_record(
        "2512.00001",
        title="Fast $k$-NN\n  for All",
        summary="We gain 12\\%\nmore.",
        authors=("Zoë Müller", '§ Hai "Helen" Li', "李明"),
        upvotes=41,
        comments=3,
        ai_summary="It is\nfast.",
        ai_keywords=["k-NN", "graph  search"],
        githubRepo="https://github.com/example-lab/fast/tree/main",
        githubStars=7,
        projectPage="https://fast.example.org/",
        organization={"name": "example-lab", "fullname": "The Example Lab", "avatar": "/avatars/x.svg"},
    )
    (listing,) = listed(record).listings
    paper = listing.paper
    assert (listing.upvotes, listing.comments) == (41, 3)
    assert (paper.title, paper.original_title) == ("Fast k-NN for All", "Fast $k$-NN\n  for All")
    assert (paper.abstract, paper.original_abstract) == ("We gain 12% more.", "We gain 12\\%\nmore.")
    assert paper.authors == ("Zoë Müller", 'Hai "Helen" Li', "李明")
    assert (paper.organization, paper.organization_handle) == ("The Example Lab", "example-lab")
    assert paper.published_at == datetime(2025, 12, 22, 18, tzinfo=UTC)
    assert (paper.summary, paper.keywords) == ("It is fast.", ("k-NN", "graph search"))
    assert (paper.code_url, paper.code_stars) == ("https://github.com/example-lab/fast/tree/main", 7)
    assert paper.project_url == "https://fast.example.org/"
    assert paper.thumbnail_url == "https://thumbnails.example.org/2512.00001.png"


def test_a_record_of_the_least_there_can_be_is_a_listing():
    (listing,) = listed({"paper": {"id": "2512.00001"}, "title": "Title", "source": None}).listings
    assert (listing.paper.title, listing.paper.authors, listing.paper.code_stars) == ("Title", (), None)


def test_a_hidden_author_is_an_author_as_on_the_page():
    record = a_record(authors=("Ada Lovelace", "Bo Li"))
    record["paper"]["authors"][1]["hidden"] = True
    assert listed(record).listings[0].paper.authors == ("Ada Lovelace", "Bo Li")


@pytest.mark.parametrize(
    ("id", "key"),
    [
        ("2512.00001", "2512.00001"),
        ("2512.00001v3", "2512.00001"),
        ("cs/0112017", "cs/0112017"),
        ("67a1b2c3d4", "hf:67a1b2c3d4"),
    ],
)
def test_a_paper_is_keyed_by_its_arxiv_id_or_else_by_the_sites_own(id, key):
    assert ids(listed(a_record(id))) == [key]


@pytest.mark.parametrize("id", [2503.0213, None, "", "trending", "../x", "2512.00001\n", "a b1", "date/2025-12-24", []])
def test_a_record_without_a_believable_id_is_dropped_and_its_neighbours_are_not(id):
    result = listed(a_record("2512.00001"), a_record() | {"paper": {"id": id, "title": "T"}}, a_record("2512.00003"))
    assert ids(result) == ["2512.00001", "2512.00003"]
    assert len(result.dropped) == 1
    assert result.dropped[0].startswith("record 2: ")


def test_a_link_that_is_no_link_is_left_out():
    fields = {"githubRepo": "javascript:alert(1)", "projectPage": "ftp://a.example", "githubStars": "many"}
    (listing,) = listed(a_record(**fields)).listings
    assert (listing.paper.code_url, listing.paper.project_url, listing.paper.code_stars) == ("", "", None)


@pytest.mark.parametrize("odd", [False, True, -1, 2**31, 1e308, float("nan"), "7", [7]])
def test_a_count_that_is_no_count_says_nothing(odd):
    (listing,) = listed(a_record(upvotes=odd, comments=odd, githubStars=odd)).listings
    assert (listing.upvotes, listing.comments, listing.paper.code_stars) == (None, None, None)


def test_a_link_wrapped_over_two_lines_is_put_together():
    (listing,) = listed(a_record(githubRepo="https://github.com/example-lab/\nlong-name")).listings
    assert listing.paper.code_url == "https://github.com/example-lab/long-name"


def test_a_paper_listed_twice_is_one_listing():
    result = listed(a_record("2512.00001", upvotes=3), a_record("2512.00001", upvotes=1), a_record("2512.00002"))
    assert [(listing.paper.id, listing.rank) for listing in result.listings] == [("2512.00001", 1), ("2512.00002", 2)]


def test_a_paper_of_another_day_is_not_stored_under_this_one():
    result = listed(a_record("2512.00001"), a_record("2512.00002", day=date(2025, 12, 23)))
    assert ids(result) == ["2512.00001"]
    assert result.dropped == ("record 2: 2512.00002 was listed on 2025-12-23, not on 2025-12-24",)


def test_another_days_list_is_not_believed(server):
    server.days[WEDNESDAY] = [a_record(day=date(2025, 12, 23))]
    result = ask(server)
    assert result.listings == ()
    assert result.problem.count("was listed on 2025-12-23, not on 2025-12-24") == 2


def test_cards_are_not_believed_where_the_api_spoke_of_another_day(server):
    server.answers("/api", json.dumps([a_record(day=date(2025, 12, 23))]).encode())
    server.loses_embedded_json()
    result = ask(server)
    assert result.listings == ()
    assert result.problem.endswith("page: no embedded papers")


def test_a_future_day_is_said_to_be_one_and_no_page_is_asked(server):
    result = ask(server, date(2030, 1, 1))
    assert result.problem == "2030-01-01 is in the future; the API says: date cannot be after today"
    assert server.paths() == ["/api/daily_papers"]


def test_a_refused_limit_says_nothing_about_the_day(server):
    server.answers("/api", b'{"error": "limit must be at most 50"}', status=400)
    result = ask(server)
    assert (result.step, len(result.listings)) == ("page", 2)


def test_an_empty_weekend_is_an_answer(server):
    result = ask(server, SATURDAY)
    assert (result.step, result.listings, result.problem) == ("api", (), "")
    assert server.paths() == ["/api/daily_papers"]


def test_an_empty_weekday_is_an_answer_once_the_page_has_been_asked_too(server):
    server.today = CHRISTMAS
    result = ask(server, CHRISTMAS)
    assert (result.step, result.listings, result.problem) == ("api", (), "")
    assert result.notes == ("api: an empty list", "page: there is no 2025-12-25: the page led to /papers")


def test_the_page_knows_better_than_an_api_with_an_empty_list(server):
    server.answers("/api", b"[]")
    result = ask(server)
    assert (result.step, len(result.listings), result.notes) == ("page", 2, ("api: an empty list",))


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"", "not JSON but ``"),
        (b'[{"paper": {"id": "25', "not JSON but `"),
        (b"\xff\xfe\xfd", "not JSON but `"),
        (b"[" * 100_000, "not JSON but `"),
        (b"<html>Bad gateway</html>", "not JSON but `<html>Bad gateway</html>`"),
        (CHALLENGE, "not JSON but a script challenge"),
        (b'{"error": "quota"}', 'not a list of papers but {"error": "quota"}'),
        (b'[{"papers": 1}, 2]', "none of 2 records can be read, record 1: its id is not a string but None"),
    ],
)
def test_an_odd_api_answer_is_left_for_the_page(server, body, why):
    server.answers("/api", body)
    result = ask(server)
    assert (result.step, result.problem, len(result.listings)) == ("page", "", 2)
    assert result.notes[0].startswith(f"api: {why}")


def test_the_page_gives_what_the_api_would(server):
    by_api = ask(server)
    server.fails("/api", 500)
    by_page = ask(server)
    assert by_page.listings == by_api.listings
    assert (by_page.step, by_page.notes) == ("page", ("api: HTTP 500",))


def test_the_cards_give_id_title_rank_upvotes_and_comments(server):
    by_api = ask(server)
    server.fails("/api", 500)
    server.loses_embedded_json()
    by_cards = ask(server)
    assert by_cards.step == "cards"
    assert by_cards.notes == ("api: HTTP 500", "page: no embedded papers")
    facts = [(each.paper.id, each.paper.title, each.rank, each.upvotes, each.comments) for each in by_api.listings]
    assert [(c.paper.id, c.paper.title, c.rank, c.upvotes, c.comments) for c in by_cards.listings] == facts
    assert {(c.paper.abstract, c.paper.authors) for c in by_cards.listings} == {("", ())}


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (CHALLENGE, "cards: no cards but a script challenge"),
        (b"", "cards: no cards but `"),
        (b"<p>Nothing here</p>", "<p>Nothing here</p>"),
        (b'<div data-target="DailyPapers" data-props="{"></div>', "page: not JSON but `{`"),
        (b'<div data-target="DailyPapers" data-props="{}"></div>', "page: no list of papers in the embedded JSON"),
        (a_page(date(2025, 12, 23), []), "page: there is no 2025-12-24: the page shows 2025-12-23"),
    ],
)
def test_a_page_without_papers_is_a_failure_and_no_empty_day(server, body, why):
    server.fails("/api", 500)
    server.answers(PAGE, body)
    result = ask(server)
    assert (result.listings, result.step) == ((), "")
    assert result.problem.startswith("api: HTTP 500; page: ")
    assert why in result.problem


@pytest.mark.parametrize("to", ["/papers", "/papers/date/2025-12-23"])
def test_a_page_that_leads_to_another_day_is_a_failure(server, to):
    server.days[date(2025, 12, 23)] = [a_record(day=date(2025, 12, 23))]
    server.fails("/api", 500)
    server.answers(PAGE, b"", {"Location": to}, status=302)
    assert ask(server).problem == f"api: HTTP 500; page: there is no 2025-12-24: the page led to {to}"


def test_a_host_that_is_away_is_a_failure_with_a_reason():
    with PageServer() as gone:
        pass
    assert re.match(r"api: no answer: ConnectError: .+; page: no answer: ConnectError: .+", ask(gone).problem)


def test_a_name_close_to_a_sources_brings_a_suggestion():
    with pytest.raises(UnknownSource, match="no source is called 'hugingface': did you mean huggingface"):
        by_name("hugingface")
    with pytest.raises(
        UnknownSource, match="there are huggingface, arxiv, biorxiv, medrxiv, openreview:VENUE and feed:ADDRESS"
    ):
        by_name("pubmed")


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
fields = (
    "id title summary authors publishedAt submittedOnDailyAt upvotes ai_summary ai_keywords organization githubRepo"
)
odd_papers = st.dictionaries(st.sampled_from(fields.split()), json_values)
odd_records = json_values | st.fixed_dictionaries({"paper": odd_papers}, optional={"title": json_values})


@given(st.lists(odd_records, max_size=4))
def test_no_record_spoils_its_neighbours(records):
    result = told([json.dumps([a_record("2512.00001"), *records]).encode(), b""])
    assert "2512.00001" in ids(result)
    assert len(result.listings) + len(result.dropped) <= 1 + len(records)


@given(st.binary() | json_values.map(lambda value: json.dumps(value).encode()), st.binary())
def test_no_answer_makes_it_crash(api, page):
    result = told([api, page])
    assert result.problem or result.step


@given(json_values, st.text())
def test_no_page_makes_it_crash(props, more):
    data = json.dumps(props).replace("&", "&amp;").replace('"', "&quot;")
    page = f'<div data-target="DailyPapers" data-props="{data}"><article><h3><a href="/papers/1">{more}</a></h3>{more}'
    assert told([b"", page.encode(errors="replace")])


def expected(record, day, rank):
    """What a real record says, field by field, read with no code of ours but the cleaning of text."""
    paper, organization = record["paper"], record["paper"].get("organization", {})
    return {
        "id": paper["id"],
        "title": plain(paper["title"]),
        "abstract": plain(paper["summary"]),
        "authors": tuple(plain(author["name"].replace("§", "")) for author in paper["authors"]),
        "organization": plain(organization.get("fullname", "")),
        "organization_handle": organization.get("name", ""),
        "published_at": datetime.fromisoformat(paper["publishedAt"]),
        "summary": plain(paper.get("ai_summary", "")),
        "keywords": tuple(plain(word) for word in paper.get("ai_keywords", ()) if word),
        "code_url": paper.get("githubRepo", "").replace("\n", ""),
        "code_stars": paper.get("githubStars"),
        "project_url": paper.get("projectPage", ""),
        "thumbnail_url": record["thumbnail"],
        "original_title": paper["title"],
        "original_abstract": paper["summary"],
        "rank": rank,
        "day": day,
        "upvotes": paper["upvotes"],
        "comments": record["numComments"],
    }


@pytest.mark.realdata
def test_every_record_of_every_real_day_is_read_field_by_field():
    days = huggingface_days()
    with PageServer(days, today=max(days)) as server:
        for day, records in days.items():
            result = ask(server, day)
            assert (result.step, result.dropped, len(result.listings)) == ("api", (), len(records))
            for rank, (record, listing) in enumerate(zip(records, result.listings, strict=True), 1):
                wanted = expected(record, day, rank)
                found = {name: getattr(listing.paper, name, None) for name in wanted}
                found |= {name: getattr(listing, name) for name in ("rank", "day", "upvotes", "comments")}
                assert found == wanted


@pytest.mark.realdata
@pytest.mark.parametrize("step", ["page", "cards"])
def test_a_real_page_gives_its_thirteen_papers(server, step):
    day, page = date(2024, 8, 1), capture("huggingface/pages/papers-2024-08-01.html").read_bytes()
    server.fails("/api", 500)
    server.answers("/papers/date/2024-08-01", page if step == "page" else page.replace(b"data-props", b"data-gone"))
    result = ask(server, day)
    assert (result.step, result.problem, result.dropped) == (step, "", ())
    assert ids(result)[:3] == ["2407.21783", "2407.21705", "2407.21770"]
    assert [listing.upvotes for listing in result.listings] == [94, 24, 19, 16, 11, 8, 8, 8, 7, 7, 7, 5, 3]
    assert [listing.comments for listing in result.listings] == [5, 2, 5, 8, 2, 2, 2, 3, 3, 2, 2, 2, 2]
    authors = [len(listing.paper.authors) for listing in result.listings]
    assert authors == ([533, 5, 8, 7, 12, 5, 8, 28, 5, 6, 3, 4, 6] if step == "page" else [0] * 13)
