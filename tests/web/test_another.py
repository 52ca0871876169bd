"""Several digests of one address, by the links in their mails."""

import pytest
from selectolax.lexbor import LexborHTMLParser

from digest.domain import Cadence, Status
from digest.readers import another
from digest.store import keys, readers
from tests.support.factories import NOW
from tests.support.visitor import BASE, CHOSEN, LINKS, a_subscriber, a_visitor, dump, status_of

ONE_CLICK = {"List-Unsubscribe": "One-Click"}


@pytest.fixture
def visitor(engine):
    return a_visitor(engine)


@pytest.fixture
def ada(engine):
    return a_subscriber(engine)


@pytest.fixture
def thesis(engine, ada):
    return another.add(engine, ada.id, "my thesis", CHOSEN, NOW)


def text_of(answer):
    return " ".join(LexborHTMLParser(answer.text).css_first("main").text().split())


def page_of(reader):
    return LINKS.preferences(reader.key).removeprefix(BASE)


def test_another_digest_is_added_from_the_page_of_one(visitor, engine, ada):
    page = page_of(ada)
    assert f"{page}/another" in visitor.get(page).text
    assert visitor.get(f"{page}/another").status_code == 200
    filled = {"name": " my   thesis ", "topics": "tides", "cadence": "weekly", "weekday": "friday"}
    answer = visitor.post(f"{page}/another", data=filled)
    assert answer.status_code == 200
    [_, added] = readers.everyone(engine)
    assert (added.name, added.status, added.preferences.topics) == ("my thesis", Status.ACTIVE, ("tides",))
    assert (added.preferences.cadence, added.preferences.hour) == (Cadence.WEEKLY, 6), "the hour is as before"
    assert "Added." in answer.text
    assert page_of(added) in answer.text
    assert "Your first digest" in answer.text


@pytest.mark.parametrize("name", ["", "example.org", "my thesis", "x" * 90])
def test_a_name_that_cannot_be_is_told_beside_its_field_and_adds_nothing(visitor, engine, thesis, name):
    before = dump(engine)
    answer = visitor.post(f"{page_of(thesis)}/another", data={"name": name, "topics": "agents"})
    assert answer.status_code == 422
    page = LexborHTMLParser(answer.text)
    assert page.css_first("#name-mistake").text().startswith(("Please", "You already have"))
    assert page.css_first("#topics").text().strip() == "agents"
    assert dump(engine) == before


def test_each_page_leads_to_the_others(visitor, engine, ada, thesis):
    for one, other, said in ((ada, thesis, "my thesis"), (thesis, ada, "Your first digest")):
        page = LexborHTMLParser(visitor.get(page_of(one)).text)
        link, more = page.css("ul.others a")
        assert (link.text(), link.attributes["href"]) == (said, page_of(other))
        assert (more.text(), more.attributes["href"]) == ("Add another digest", f"{page_of(one)}/another")


def test_one_click_ends_one_and_the_page_offers_to_end_all(visitor, engine, ada, thesis):
    answer = visitor.post(LINKS.unsubscribe(thesis.key), data=ONE_CLICK)
    assert [status_of(engine, one) for one in (ada, thesis)] == [Status.ACTIVE, Status.UNSUBSCRIBED]
    assert "“my thesis” has ended" in text_of(answer)
    assert "Another digest still comes to this address" in text_of(answer)
    answer = visitor.post(f"{LINKS.unsubscribe(thesis.key)}/all")
    assert status_of(engine, ada) is Status.UNSUBSCRIBED
    assert "No more digests come to this address" in text_of(answer)


def test_a_get_ends_nothing_and_no_other_site_ends_all(visitor, engine, ada, thesis):
    link = f"{LINKS.unsubscribe(thesis.key)}/all"
    elsewhere = {"Origin": "https://mail.example", "Sec-Fetch-Site": "cross-site"}
    assert visitor.get(link).status_code in (404, 405)
    assert visitor.post(link, headers=elsewhere).status_code == 403
    assert "End both digests" in visitor.get(LINKS.unsubscribe(thesis.key)).text
    assert [status_of(engine, one) for one in (ada, thesis)] == [Status.ACTIVE] * 2


def test_the_link_that_mail_providers_see_names_no_other_digest(visitor, engine, ada, thesis):
    link = LINKS.unsubscribe(ada.key)
    for answer in (visitor.get(link), visitor.post(link, data=ONE_CLICK), visitor.post(f"{link}/all")):
        assert "my thesis" not in answer.text
        assert "/preferences/" not in answer.text


def test_one_is_deleted_alone_or_all_together(visitor, engine, ada, thesis):
    page = page_of(thesis)
    assert "of both digests" in visitor.get(f"{page}/delete").text
    assert "The other one stays" in visitor.post(f"{page}/forget").text
    assert list(readers.everyone(engine)) == [readers.find(engine, ada.id)]
    again = another.add(engine, ada.id, "my thesis", CHOSEN, NOW)
    assert "Everything is deleted" in visitor.post(f"{page_of(again)}/delete").text
    assert list(readers.everyone(engine)) == []


def test_the_download_holds_all_of_them_and_no_key(visitor, engine, ada, thesis):
    answer = visitor.get(f"{page_of(ada)}/export")
    kept = answer.json()
    assert kept["reader"]["name"] == ""
    assert [one["reader"]["name"] for one in kept["other_digests"]] == ["my thesis"]
    assert [mail["kind"] for mail in kept["other_digests"][0]["mails"]] == ["digest"]
    assert ada.key not in answer.text
    assert thesis.key not in answer.text


def test_a_link_of_before_they_moved_ends_one_and_offers_nothing_more(visitor, engine, ada, thesis):
    with engine.begin() as connection:
        keys.rotate(connection, thesis.id, NOW)
    link = LINKS.unsubscribe(thesis.key)
    assert "/all" not in visitor.get(link).text
    assert visitor.post(f"{link}/all").status_code == 404
    answer = visitor.post(link, data=ONE_CLICK)
    assert "my thesis" not in answer.text
    assert [status_of(engine, one) for one in (ada, thesis)] == [Status.ACTIVE, Status.UNSUBSCRIBED]
