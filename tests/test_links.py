"""Signed links: what they look like, how long they live, and what never opens anything."""

from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.links import CONFIRM_WITHIN, Links, Purpose
from tests.support.factories import NOW

LINKS = Links("https://papers.example.org/", ["new key", "old key"])


def token(url):
    return urlsplit(url).path.rpartition("/")[2]


def test_a_link_stands_under_the_base_url_and_its_purpose():
    assert LINKS.confirm(7, NOW).startswith("https://papers.example.org/confirm/7.")
    assert LINKS.unsubscribe(7).startswith("https://papers.example.org/unsubscribe/7.")
    assert LINKS.preferences(7).startswith("https://papers.example.org/preferences/7.")
    assert LINKS.view(12).startswith("https://papers.example.org/digest/12.")


def test_a_token_gives_back_what_it_was_made_for():
    assert LINKS.read(Purpose.UNSUBSCRIBE, token(LINKS.unsubscribe(7))) == 7
    assert LINKS.read(Purpose.PREFERENCES, token(LINKS.preferences(7))) == 7
    assert LINKS.read(Purpose.VIEW, token(LINKS.view(12))) == 12
    assert LINKS.read(Purpose.CONFIRM, token(LINKS.confirm(7, NOW)), NOW) == 7


@pytest.mark.parametrize("made", Purpose)
@pytest.mark.parametrize("used", Purpose)
def test_a_token_opens_only_what_it_was_made_for(made, used):
    assert (LINKS.read(used, LINKS.token(made, 7, NOW), NOW) == 7) is (made is used)


def test_a_confirmation_expires():
    made = token(LINKS.confirm(7, NOW))
    assert LINKS.read(Purpose.CONFIRM, made, NOW + CONFIRM_WITHIN - timedelta(minutes=1)) == 7
    assert LINKS.read(Purpose.CONFIRM, made, NOW + CONFIRM_WITHIN + timedelta(minutes=1)) is None
    assert LINKS.read(Purpose.CONFIRM, made, NOW + timedelta(hours=2), max_age=timedelta(hours=1)) is None


def test_a_confirmation_without_a_clock_or_a_stamp_is_no_confirmation():
    assert LINKS.read(Purpose.CONFIRM, token(LINKS.confirm(7, NOW))) is None
    assert LINKS.read(Purpose.CONFIRM, LINKS.token(Purpose.CONFIRM, 7), NOW) is None


def test_an_unsubscribe_link_works_for_as_long_as_the_mail_may_exist():
    assert LINKS.read(Purpose.UNSUBSCRIBE, token(LINKS.unsubscribe(7)), NOW + timedelta(days=36500)) == 7


def test_an_old_key_is_believed_and_the_newest_one_signs():
    old, new = Links("https://papers.example.org", ["old key"]), Links("https://papers.example.org", ["new key"])
    assert LINKS.read(Purpose.UNSUBSCRIBE, token(old.unsubscribe(7))) == 7
    assert LINKS.unsubscribe(7) == new.unsubscribe(7)
    assert old.read(Purpose.UNSUBSCRIBE, token(LINKS.unsubscribe(7))) is None


def test_a_token_fits_an_address_and_a_url():
    made = LINKS.token(Purpose.UNSUBSCRIBE, 2_000_000_000)
    assert len(f"unsubscribe+{made}") <= 64
    assert made.isascii()
    assert made.replace(".", "").replace("-", "").replace("_", "").isalnum()


@pytest.mark.parametrize(
    "bad", ["", ".", "7", "7.", "7.x", "é.é", "7." + "a" * 1_000_000, "\ud800", "7.\0", "7.abc.def"]
)
def test_a_bad_token_is_none_whatever_is_wrong_with_it(bad):
    assert LINKS.read(Purpose.UNSUBSCRIBE, bad) is None


def test_a_cut_or_changed_token_is_none():
    made = token(LINKS.unsubscribe(71))
    assert {LINKS.read(Purpose.UNSUBSCRIBE, made[:length]) for length in range(len(made))} == {None}
    assert LINKS.read(Purpose.UNSUBSCRIBE, made.replace("71.", "72.")) is None


@given(st.sampled_from(Purpose), st.text(st.characters(exclude_categories=())))
def test_a_guess_opens_nothing_and_breaks_nothing(purpose, guess):
    assert LINKS.read(purpose, guess, NOW) is None
