"""The way out: one click of a mail program, one button, nothing left when one wants that."""

from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from selectolax.lexbor import LexborHTMLParser

from digest.domain import Status
from digest.store import readers
from tests.support.examples import some
from tests.support.factories import NOW
from tests.support.visitor import LINKS, a_subscriber, a_visitor, dump, mails, status_of


@pytest.fixture
def visitor(engine):
    return a_visitor(engine)


ONE_CLICK = {"List-Unsubscribe": "One-Click"}
BODIES = {
    "urlencoded": {"data": ONE_CLICK},
    "multipart": {"files": {"List-Unsubscribe": (None, "One-Click")}},
    "empty": {},
    "json": {"json": ONE_CLICK},
    "no boundary": {"content": b"--x", "headers": {"Content-Type": "multipart/form-data"}},
    "truncated": {"content": b"--x\r\nCont", "headers": {"Content-Type": "multipart/form-data; boundary=x"}},
    "a file": {"files": {"List-Unsubscribe": ("x.txt", b"One-Click")}},
    "from elsewhere": {
        "data": ONE_CLICK,
        "headers": {"Origin": "https://mail.example", "Sec-Fetch-Site": "cross-site"},
    },
    "very large": {"content": b"x" * 70_000, "headers": {"Content-Type": "application/x-www-form-urlencoded"}},
    "very large, in chunks": {"content": b"x" * 200_000, "headers": {"Transfer-Encoding": "chunked"}},
    "many fields": {"data": {f"field{number}": "" for number in range(100)}},
}


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_one_post_unsubscribes_whatever_its_body_and_needs_no_cookie_login_or_csrf_token(visitor, engine, body):
    """U3, U4: 200, no redirect, no cookie, no further step."""
    reader = a_subscriber(engine)
    answer = visitor.post(LINKS.unsubscribe(reader.key), **body)
    assert answer.status_code == 200
    assert not {"set-cookie", "location", "refresh"} & answer.headers.keys()
    assert status_of(engine, reader) is Status.UNSUBSCRIBED


@settings(max_examples=some(50), suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    body=st.binary(max_size=200),
    kind=st.sampled_from(["multipart/form-data; boundary=x", "application/x-www-form-urlencoded", "text/plain"]),
    charset=st.sampled_from(["", "; charset=idna", "; charset=zip", "; charset=utf-7", "; charset=utf-16"]),
)
def test_no_body_keeps_anybody_from_leaving(visitor, engine, body, kind, charset):
    reader = next(readers.everyone(engine), None) or a_subscriber(engine)
    answer = visitor.post(LINKS.unsubscribe(reader.key), content=body, headers={"Content-Type": kind + charset})
    assert answer.status_code == 200


@pytest.mark.parametrize("status", Status)
def test_unsubscribing_answers_200_from_every_state_and_twice(visitor, engine, status):
    """U4."""
    reader = a_subscriber(engine, status)
    answers = [visitor.post(LINKS.unsubscribe(reader.key), data=ONE_CLICK) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 200]
    assert not any({"set-cookie", "location", "refresh"} & answer.headers.keys() for answer in answers)
    assert status_of(engine, reader) in (Status.UNSUBSCRIBED, Status.COMPLAINED)


@pytest.mark.parametrize("status", Status)
def test_the_link_that_mail_providers_see_gives_no_other_key_away(visitor, engine, status):
    reader = a_subscriber(engine, status)
    link = LINKS.unsubscribe(reader.key)
    for answer in (visitor.get(link), visitor.post(link, data=ONE_CLICK), visitor.get(link)):
        assert "/preferences/" not in answer.text
        assert reader.email not in answer.text


def test_the_page_after_leaving_says_how_to_come_back_and_how_to_be_forgotten(visitor, engine):
    page = LexborHTMLParser(visitor.post(LINKS.unsubscribe(a_subscriber(engine).key), data=ONE_CLICK).text)
    [form] = page.css("main form")
    assert form.attributes["action"].endswith("/undo")
    assert "use the link in the last email we sent you" in page.css_first("main").text()


def test_who_has_left_and_opens_the_link_again_is_not_asked_again(visitor, engine):
    link = LINKS.unsubscribe(a_subscriber(engine, Status.UNSUBSCRIBED).key)
    page = LexborHTMLParser(visitor.get(link).text).css_first("main")
    assert page.css_first("h1").text() == "You’re unsubscribed"
    assert [button.text() for button in page.css("button")] == ["Undo"]
    assert "One last email" not in page.text(), "that went out long ago"


def test_the_link_to_leave_works_for_as_long_as_the_mail_may_exist(engine):
    """U7: one page, no login, ten years later, also when the key was changed since."""
    reader = a_subscriber(engine)
    visitor = a_visitor(engine, now=NOW + timedelta(days=3650), secret_key="a new key,a key")
    page = LexborHTMLParser(visitor.get(LINKS.unsubscribe(reader.key)).text)
    assert [button.text() for button in page.css("form[method=post] button")] == [
        "Unsubscribe",
        "Weekly instead",
        "Pause a month",
    ]
    assert visitor.post(LINKS.unsubscribe(reader.key)).status_code == 200
    assert status_of(engine, reader) is Status.UNSUBSCRIBED


def test_deleting_takes_a_second_button_and_leaves_nothing(visitor, engine):
    empty = dump(engine)
    reader = a_subscriber(engine)
    visitor.post("/subscribe", data={"email": reader.email})
    link = LINKS.preferences(reader.key)
    assert "This can’t be undone" in visitor.get(f"{link}/delete").text
    assert readers.find(engine, reader.id)
    assert "Everything is deleted" in visitor.post(f"{link}/delete").text
    left = dump(engine)
    assert [row.status for row in left.pop("suppressed")] == ["unsubscribed"], "but that nobody else may put them back"
    assert left == {name: rows for name, rows in empty.items() if name != "suppressed"}


def test_whoever_had_said_yes_is_written_one_goodbye(visitor, engine):
    reader = a_subscriber(engine)
    for _ in range(2):
        visitor.post(LINKS.unsubscribe(reader.key), data=ONE_CLICK)
    assert mails(engine) == ["goodbye"]


@pytest.mark.parametrize("status", [Status.PENDING, Status.UNSUBSCRIBED, Status.BOUNCED, Status.COMPLAINED])
def test_whoever_had_not_hears_no_more(visitor, engine, status):
    reader = a_subscriber(engine, status)
    visitor.post(LINKS.unsubscribe(reader.key), data=ONE_CLICK)
    assert mails(engine) == []


def test_the_way_back_is_a_button_on_the_page_that_the_goodbye_leads_to(visitor, engine):
    reader = a_subscriber(engine)
    visitor.post(LINKS.unsubscribe(reader.key), data=ONE_CLICK)
    page = LexborHTMLParser(visitor.get(LINKS.preferences(reader.key)).text)
    [form] = page.css("form[method=post]")
    assert form.css_first("button").text() == "Send me the digest again"
    assert status_of(engine, reader) is Status.UNSUBSCRIBED
    answer = visitor.post(form.attributes["action"])
    assert "next on Thursday, December 25 at 06:00" in answer.text
    assert status_of(engine, reader) is Status.ACTIVE


@pytest.mark.parametrize("status", [Status.PENDING, Status.BOUNCED])
def test_there_is_no_such_way_back_from_elsewhere(visitor, engine, status):
    reader = a_subscriber(engine, status)
    assert "Please subscribe first" in visitor.post(LINKS.preferences(reader.key) + "/return").text
    assert status_of(engine, reader) is status


def test_who_complained_can_take_it_back_by_their_own_link_alone(visitor, engine):
    reader = a_subscriber(engine, Status.COMPLAINED)
    page = LexborHTMLParser(visitor.get(LINKS.preferences(reader.key)).text)
    [form] = page.css("form[method=post]")
    assert "Welcome back" in visitor.post(form.attributes["action"]).text
    assert status_of(engine, reader) is Status.ACTIVE


def test_whoever_never_confirmed_cannot_come_back(visitor, engine):
    visitor.post("/subscribe", data={"email": "ada@example.org"})
    [reader] = readers.everyone(engine)
    visitor.post(LINKS.unsubscribe(reader.key))
    link = LINKS.preferences(reader.key)
    assert f"{link}/return" not in visitor.get(link).text
    visitor.post(f"{link}/return")
    assert status_of(engine, reader) is Status.UNSUBSCRIBED
