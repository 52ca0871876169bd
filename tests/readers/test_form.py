"""What people type: read as preferences, or answered field by field."""

import contextlib
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.domain import Cadence, Preferences
from digest.readers import form
from digest.readers.form import Mistakes, topics_from
from digest.topics import MOST_TOPICS
from digest.topics.grammar import LONGEST_TOPIC

FILLED = {
    "email": "ada@example.org",
    "topics": "speculative decoding\nprotein folding",
    "cadence": "weekdays",
    "hour": "6",
    "timezone": "Europe/Berlin",
    "most_papers": "5",
}


def mistakes(**changed):
    with pytest.raises(Mistakes) as caught:
        form.subscription(FILLED | changed)
    return caught.value.by_field


def test_a_filled_form_becomes_an_address_and_preferences():
    email, preferences = form.subscription(FILLED)
    assert email == "ada@example.org"
    topics = ("speculative decoding", "protein folding")
    assert preferences == Preferences(topics, Cadence.WEEKDAYS, 6, "Europe/Berlin", 5, related=True)


def test_an_address_alone_is_enough():
    assert form.subscription({"email": "ada@example.org"}) == ("ada@example.org", form.AT_FIRST)


def test_what_is_left_out_of_the_preferences_stays_as_it_was():
    before = Preferences(("rag",), Cadence.WEEKLY, 9, "Asia/Tokyo", 3)
    assert form.preferences({"hour": "10"}, before) == Preferences(("rag",), Cadence.WEEKLY, 10, "Asia/Tokyo", 3)
    assert form.preferences({"topics": ""}, before).topics == ()


def test_an_address_is_normalised_without_asking_the_network():
    assert form.subscription({"email": "Ada@EXAMPLE.org"})[0] == "Ada@example.org"
    assert form.subscription({"email": "ada@no-such-domain.example"})[0] == "ada@no-such-domain.example"


@pytest.mark.parametrize("email", ["", "ada", "ada@", "@example.org", "a b@example.org", "ada@localhost", "a@b..org"])
def test_a_bad_address_is_a_mistake_that_says_why(email):
    assert mistakes(email=email).keys() == {"email"}
    assert mistakes(email=email)["email"].endswith(".")


@pytest.mark.parametrize(
    ("email", "told"),
    [
        ("ada", "An email address needs an @, like ada@example.org."),
        ("a b@example.org", "Please remove the spaces from the address."),
        ("@example.org", "Something is missing before the @, like ada in ada@example.org."),
        ("ada@", "Something is missing after the @, like example.org in ada@example.org."),
        ("ada@localhost", "“localhost” is incomplete: what comes after the @ looks like example.org."),
        ("a" * 65 + "@example.org", form.TOO_LONG),
        # 63 letters, and 126 octets: no server takes it (RFC 5321, 4.5.3.1.1).
        ("ä" * 63 + "@example.org", form.TOO_LONG),
        ("a" * 60 + "@" + "b." * 110 + "example.org", form.TOO_LONG),
    ],
)
def test_a_bad_address_says_in_plain_words_what_to_change(email, told):
    assert mistakes(email=email)["email"] == told


def test_the_longest_address_there_may_be_is_taken():
    longest = "a" * 64 + "@example.org"
    assert form.subscription({"email": longest})[0] == longest
    assert form.subscription({"email": "ä" * 32 + "@example.org"})[0] == "ä" * 32 + "@example.org"


@given(st.text())
def test_an_address_that_is_taken_fits_an_envelope(text):
    with contextlib.suppress(Mistakes):
        local, _, _ = form.address({"email": text}).rpartition("@")
        assert len(local.encode()) <= 64


def test_a_day_of_the_week_is_read_by_name_or_number():
    for text in ("wednesday", " Wednesday", "2"):
        assert form.preferences({"weekday": text}, Preferences()).weekday == 2


def test_the_end_of_a_pause_is_a_day_to_come_within_a_year():
    today = date(2025, 12, 24)
    assert form.pause_end("2025-12-25", today) == date(2025, 12, 25)
    for text in ("", "soon", "2025-12-24", "2027-12-24", "2025-02-30"):
        with pytest.raises(Mistakes) as refused:
            form.pause_end(text, today)
        assert refused.value.by_field.keys() == {"until"}


@pytest.mark.parametrize(
    ("field", "text"),
    [
        ("cadence", "hourly"),
        ("cadence", ""),
        ("hour", "24"),
        ("hour", "-1"),
        ("hour", "seven"),
        ("hour", "9" * 5000),
        ("timezone", "Mars/Olympus"),
        ("timezone", "../../etc/passwd"),
        ("timezone", ""),
        ("timezone", "Factory"),
        ("timezone", "localtime"),
        ("most_papers", "0"),
        ("most_papers", "51"),
        ("most_papers", "2.5"),
        ("weekday", "7"),
        ("weekday", "someday"),
        ("order", "worst"),
        ("related", "perhaps"),
    ],
)
def test_a_choice_that_is_not_offered_is_a_mistake(field, text):
    assert mistakes(**{field: text}).keys() == {field}


def test_all_mistakes_are_said_at_once():
    assert mistakes(email="", hour="99", most_papers="").keys() == {"email", "hour", "most_papers"}


def test_topics_are_parted_by_lines_and_commas_and_come_once():
    assert topics_from("rag, RAG, rag\n\n  long context  ,\nagents,") == ("rag", "RAG", "long context", "agents")


def test_too_many_topics_say_how_many_there_may_be():
    many = "\n".join(f"topic {number}" for number in range(MOST_TOPICS + 3))
    assert f"keep at most {MOST_TOPICS}" in mistakes(topics=many)["topics"]


def test_a_topic_that_is_too_long_says_which():
    text = mistakes(topics="short\n" + "x" * (LONGEST_TOPIC + 1))["topics"]
    assert f"Line 2: shorten this topic: it may have at most {LONGEST_TOPIC} characters" in text


@given(st.dictionaries(st.sampled_from(sorted(FILLED)), st.text()))
def test_nothing_one_can_type_breaks_the_form(filled):
    try:
        _, preferences = form.subscription(filled)
    except Mistakes:
        return
    assert form.preferences(form.typed(preferences), Preferences()) == preferences


def test_every_zone_to_choose_can_be_chosen():
    zones = form.zones_by_region()
    assert "Europe/Berlin" in zones["Europe"]
    for zone in [zone for names in zones.values() for zone in names]:
        assert form.preferences({"timezone": zone}, Preferences()).timezone == zone
