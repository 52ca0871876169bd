from sqlalchemy import event

from digest.domain import Preferences
from digest.store import readers
from digest.store.engine import writing
from tests.support.factories import a_paper
from tests.support.visitor import LINKS, a_visitor


def view_of(service):
    return LINKS.view(next(readers.everyone(service.engine)).key, 1)


def sent(service):
    """The link to a digest of two papers out of three that fit, and one that does not."""
    subjects = {"2512.00001": "moss", "2512.00002": "tides", "2512.00003": "bells"}
    fitting = [a_paper(id, title=f"Speculative decoding for {subject}") for id, subject in subjects.items()]
    service.collects(*fitting, a_paper("2512.00004", title="Marsh birds"))
    service.admits("ada@example.org", "speculative decoding", most_papers=2)
    service.sends()
    return view_of(service)


def test_the_page_of_a_digest_has_what_the_mail_promised(service):
    answer = a_visitor(service.engine).get(sent(service))
    assert answer.status_code == 200
    assert "A digest on <em" in answer.text
    assert [f'/2512.0000{number}"' in answer.text for number in (1, 2, 3, 4)] == [True, True, True, False]


def test_the_page_of_a_digest_can_be_shown_to_anybody(service):
    page = a_visitor(service.engine).get(sent(service)).text
    [mail] = service.letters()
    for key in ("/preferences/", "/unsubscribe/", "ada@example.org"):
        assert key in mail.html
        assert key not in page
    assert "The links to change it or unsubscribe are in your email" in page


def test_the_page_stays_as_it_was_sent_when_the_topics_change(service):
    link = sent(service)
    with writing(service.engine) as connection:
        readers.prefer(connection, 1, Preferences(("marsh birds",)))
    page = a_visitor(service.engine).get(link).text
    assert [f'/2512.0000{number}"' in page for number in (1, 2, 3, 4)] == [True, True, True, False]
    assert page.count('class="links"') == 3


def test_the_papers_of_a_digest_are_indexed_once_for_all_who_look(service):
    link, asked = sent(service), []

    def note(_connection, _cursor, statement, *_):
        asked.append("FROM editions" in statement)

    event.listen(service.engine, "before_cursor_execute", note)
    visitor = a_visitor(service.engine)
    assert len({visitor.get(link).text for _ in range(3)}) == 1
    assert asked.count(True) == 1


def test_a_digest_that_was_never_written_has_no_page(service):
    service.admits("ada@example.org")
    visitor = a_visitor(service.engine)
    assert visitor.get(view_of(service)).status_code == 404
    assert visitor.get(view_of(service)[:-1]).status_code == 404
