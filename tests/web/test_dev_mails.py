"""The page of all mails: in development only."""

import pytest
from selectolax.lexbor import LexborHTMLParser

from tests.support.composing import FOLDERS
from tests.support.visitor import a_visitor


# Sample papers, whatever the database.
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_every_kind_of_mail_is_there_as_html_as_text_and_raw(engine):
    visitor = a_visitor(engine)
    links = [link.attributes["href"] for link in LexborHTMLParser(visitor.get("/dev/mails").text).css("main a")]
    names = {link.rpartition("/")[2].rpartition(".")[0] for link in links}
    assert {name.partition("-")[0] for name in names} == set(FOLDERS)
    assert len(links) == 3 * len(names)
    for link in links:
        answer = visitor.get(link)
        assert answer.status_code == 200
        kind = "text/html" if link.endswith(".html") else "text/plain"
        assert answer.headers["content-type"].startswith(kind)


def test_what_is_shown_is_what_would_be_sent(engine):
    raw = a_visitor(engine).get("/dev/mails/digest-awkward.eml").content
    assert raw.startswith(b"Date: Wed, 24 Dec 2025 18:00:00 +0000\r\nFrom: Paper Digest <digest@localhost>\r\n")
    assert "<script" not in a_visitor(engine).get("/dev/mails/digest-awkward.html").text


@pytest.mark.parametrize("path", ["/dev/mails", "/dev/mails/digest.html"])
def test_in_production_there_is_no_such_page(engine, path):
    visitor = a_visitor(engine, env="production", secret_key="a key for production", mail_from="digest@example.org")
    assert visitor.get(path).status_code == 404
    assert visitor.get(path).text == visitor.get("/nowhere").text


@pytest.mark.parametrize("path", ["digest.pdf", "nothing.html", "digest.html.html"])
def test_a_mail_that_is_none_is_missing(engine, path):
    assert a_visitor(engine).get(f"/dev/mails/{path}").status_code == 404
