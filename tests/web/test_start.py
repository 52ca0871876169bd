"""Start from papers one likes: paste, choose, and go on into the form; nothing changes on the way."""

import re
from urllib.parse import unquote

import pytest

from digest.store import readers
from digest.web.forms import MOST_EXPORT_BYTES
from tests.support.factories import a_paper
from tests.support.visitor import BASE, LINKS, a_subscriber, a_visitor, dump

LIKED = "2512.00001"


@pytest.fixture
def stored(service):
    """Papers on tree search by one author of one lab, and many others."""
    theirs = {"authors": ("Ada Wu", "Bo"), "organization": "Fen Lab"}
    service.collects(
        a_paper(LIKED, title="Tree Search for Provers", abstract="Tree search prunes. Tree search is slow.", **theirs),
        a_paper(
            "2512.00002", title="More on tree search", abstract="How a chess engine walks, by tree search.", **theirs
        ),
        a_paper("2512.00003", title="Planning", abstract="Robots plan by tree search in a kitchen.", authors=()),
        *(a_paper(title=f"Heron {n}", abstract=f"Birds of the marsh wait, part {n}.", authors=()) for n in range(30)),
    )
    return service


def boxes(page):
    return [unquote(value) for value in re.findall(r'type="checkbox" name="pick-\d+" value="([^"]*)"', page)]


def pick(page, *lines):
    names = re.findall(r'name="(pick-\d+)" value="([^"]*)"', page)
    return {name: value.replace("&#34;", '"') for name, value in names if value.replace("&#34;", '"') in lines}


@pytest.mark.parametrize(
    "pasted",
    [
        LIKED,
        f"https://arxiv.org/abs/{LIKED}v2",
        f"https://huggingface.co/papers/{LIKED}",
        f"@misc{{x, title={{Whatever it says}}, eprint={{{LIKED}}}}}",
        "TREE search, for provers",
        "@misc{x, title={{Tree} Search for Provers}}",
    ],
)
def test_what_is_pasted_is_found_and_proposes_topics_authors_and_labs(stored, pasted):
    visitor, before = a_visitor(stored.engine), dump(stored.engine)
    page = visitor.post("/start", data={"papers": pasted}).text
    assert "1 paper found" in page
    assert boxes(page) == ["tree search", "author:&#34;Ada Wu&#34;", "author:&#34;Bo&#34;", "org:&#34;Fen Lab&#34;"]
    assert "3 papers in the last day" in page
    assert dump(stored.engine) == before


def test_what_is_not_stored_is_named_and_what_was_pasted_of_it_counts(stored):
    bib = "@misc{x, title={Deep tree search}, abstract={Tree search. Tree search.}, eprint={1901.00001}}"
    page = a_visitor(stored.engine).post("/start", data={"papers": f"{bib}"}).text
    assert "0 papers found, 1 not in our archive" in page
    assert "Deep tree search" in page
    assert boxes(page) == ["tree search"]
    page = a_visitor(stored.engine).post("/start", data={"papers": "1901.00001\n<script>x</script> is my title"}).text
    assert "2 not in our archive" in page
    assert "<script>x" not in page
    assert "No suggestions yet" in page


def test_what_is_ticked_goes_on_into_the_form(stored):
    visitor = a_visitor(stored.engine)
    page = visitor.post("/start", data={"papers": LIKED}).text
    form = visitor.post("/preview", data=pick(page, "tree search", 'author:"Ada Wu"')).text
    assert re.search(r"<textarea id=\"topics\"[^>]*>\s*tree search\nauthor:&#34;Ada Wu&#34;</textarea>", form)


def test_a_reader_adds_them_to_their_topics(stored):
    reader, visitor = a_subscriber(stored.engine), a_visitor(stored.engine)
    own = LINKS.preferences(reader.key).removeprefix(BASE)
    assert f'href="{own}/start"' in visitor.get(own).text.replace(BASE, "")
    before = dump(stored.engine)
    assert visitor.get(f"{own}/start").status_code == 200
    page = visitor.post(f"{own}/start", data={"papers": LIKED}).text
    assert dump(stored.engine) == before
    visitor.post(own, data=pick(page, "tree search", 'org:"Fen Lab"'))
    after = readers.find(stored.engine, reader.id).preferences
    assert after.topics == ("speculative decoding", "tree search", 'org:"Fen Lab"')
    assert after.hour == reader.preferences.hour
    assert visitor.get("/preferences/nobody/start").status_code == 404


def test_it_is_linked_and_empty_at_first(stored):
    visitor = a_visitor(stored.engine)
    assert "/start" in visitor.get("/").text
    page = visitor.get("/start")
    assert page.status_code == 200
    assert "found" not in page.text


def test_every_title_is_looked_for(stored):
    titles = "\n".join(["Tree Search for Provers", *(f"Heron {n} and so on" for n in range(60)), "More on tree search"])
    assert (
        "2 papers found, 60 not in our archive" in a_visitor(stored.engine).post("/start", data={"papers": titles}).text
    )


@pytest.mark.parametrize("papers", ["", " ", "\0", "@misc{", "[" * 5000, "{}", "hm", "🦀" * 300])
def test_nonsense_finds_nothing_and_says_so(stored, papers):
    assert a_visitor(stored.engine).post("/start", data={"papers": papers}).status_code == 200


def test_too_much_is_refused(stored):
    assert a_visitor(stored.engine).post("/start", data={"papers": "x" * MOST_EXPORT_BYTES}).status_code == 413
