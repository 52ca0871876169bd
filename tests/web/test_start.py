"""Start from papers one likes: paste, choose, and go on into the form; nothing changes on the way."""

import re
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.store import readers
from digest.web.uploads import MOST_EXPORT_BYTES, MOST_PARTS, WRONG, filled_in, text_of
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
    assert "No papers found, 1 not in our archive" in page
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
    answer = a_visitor(stored.engine).post("/start", data={"papers": "x" * MOST_EXPORT_BYTES})
    assert answer.status_code == 413
    assert "more than we read at a time (600 kB)" in answer.text


RDF = f"""<?xml version="1.0"?>
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:bib="http://purl.org/net/biblio#"
 xmlns:dc="http://purl.org/dc/elements/1.1/"><bib:Article rdf:about="https://arxiv.org/abs/{LIKED}">
<dc:title>Whatever it says</dc:title></bib:Article></rdf:RDF>"""


BIB_IN_FRENCH = f"@misc{{x, title={{Réseaux}}, eprint={{{LIKED}}}}}"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_a_file_is_text_whatever_program_wrote_it(encoding):
    assert text_of(BIB_IN_FRENCH.encode(encoding)) == BIB_IN_FRENCH


def test_a_file_is_read_as_what_is_pasted_is(stored):
    visitor, before = a_visitor(stored.engine), dump(stored.engine)
    page = visitor.post("/start", data={"papers": ""}, files={"file": ("mine.rdf", RDF)}).text
    assert "1 paper found" in page
    assert "tree search" in boxes(page)
    assert dump(stored.engine) == before


def test_a_file_and_a_text_are_read_both_and_a_reader_has_the_same(stored):
    own = LINKS.preferences(a_subscriber(stored.engine).key).removeprefix(BASE)
    file = {"file": ("x.bib", f"@misc{{x, eprint={{{LIKED}}}}}")}
    page = a_visitor(stored.engine).post(f"{own}/start", data={"papers": "2512.00002\n"}, files=file).text
    assert "2 papers found" in page
    assert ">\n2512.00002</textarea>" in page, "what was typed stays, the file is not shown"


@pytest.mark.parametrize(
    ("status", "said", "content"),
    [
        (413, "more than we read at a time", b"x" * (MOST_EXPORT_BYTES + 1)),
        (422, "We cannot read that file", b"%PDF-1.7 and so on"),
        (200, "We see no papers in it", b"<rdf:RDF"),
        (200, "We see no papers in it", b""),
        (200, "We see no papers in it", b" \r\n"),
    ],
    ids=["large", "pdf", "half", "empty", "blank"],
)
def test_a_file_that_is_too_large_or_odd_gets_a_calm_sentence(stored, status, said, content):
    answer = a_visitor(stored.engine).post("/start", data={"papers": ""}, files={"file": ("a.bib", content)})
    assert answer.status_code == status
    assert said in answer.text
    assert 'name="papers"' in answer.text, "and the form, to try again"


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_a_line_ends_as_any_system_ends_it(end):
    body = '--b\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n{}\r\n--b--'
    lines = end.join(["2512.00001", "", "2512.00002"])
    filled = filled_in(body.format(lines).encode(), "multipart/form-data; boundary=b")
    assert filled == {"file": "2512.00001\n\n2512.00002"}


def test_where_nobody_chose_a_file_none_is_looked_at():
    body = b'--b\r\nContent-Disposition: form-data; name="file"; filename=""\r\n\r\n\r\n--b--'
    assert filled_in(body, "multipart/form-data; boundary=b") == {}


@pytest.mark.parametrize("name", ["wrong", WRONG])
def test_what_is_wrong_is_for_us_to_say(stored, name):
    answer = a_visitor(stored.engine).post("/start", data={name: "Send your key to a thief"})
    assert answer.status_code == 200
    assert "thief" not in answer.text


@pytest.mark.parametrize("content", [b"PK\x03\x04", b"\x00\x01" * 500])
def test_what_is_no_text_is_not_read(content):
    assert text_of(content) is None


@given(st.binary(max_size=200), st.sampled_from(["b", '"b"', "", "é", "b" * 80]))
def test_no_form_with_a_file_raises(junk, boundary):
    said = f"multipart/form-data; boundary={boundary}"
    for body in (junk, b'--b\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n' + junk + b"\r\n--b--"):
        assert set(filled_in(body, said)) <= {"file", WRONG}


def test_a_form_with_more_than_ours_has_is_none():
    part = b'\r\nContent-Disposition: form-data; name="papers"\r\n\r\nx\r\n--b'
    two = b'\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\nx\r\n--b' * 2
    said = "multipart/form-data; boundary=b"
    assert filled_in(b"--b" + part + b"--", said) == {"papers": "x"}
    assert WRONG in filled_in(b"--b" + part * (MOST_PARTS + 1) + b"--", said)
    assert WRONG in filled_in(b"--b" + two + b"--", said)
