"""Signed links and addresses: what they look like, how long they live, and what never opens anything."""

import re
import string
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.links import (
    BOUNCE_TOKEN,
    CONFIRM_WITHIN,
    KEY,
    MESSAGE_ID,
    OF_A_DELIVERY,
    PASSING,
    UNSUBSCRIBE_TOKEN,
    Links,
    Named,
    Purpose,
    is_of,
    message_id,
    stamp,
)
from tests.support.factories import NOW, a_key

LINKS = Links("https://papers.example.org/", ["new key", "old key"])
KEYS = st.from_regex(KEY, fullmatch=True)
ADA = a_key(7)
# What this service signed before readers had keys, with "a key" and at NOW: they stand in mails that exist.
OLD = Links("https://papers.example.org", ["a key"])
OLD_TOKENS = {
    Purpose.CONFIRM: ("12.29443320.X13peuMNkLn3AfRx2-I7dBhFiwA", Named("", 12, 29443320)),
    Purpose.MOVE: ("12.29443320.sjZoUW4Hqey8L5V2gOPyhDgOIBw", Named("", 12, 29443320)),
    Purpose.UNSUBSCRIBE: ("7.KUCINy6ITziWrwOnT1B9g39KvJw", Named("7")),
    Purpose.PREFERENCES: ("7.rB_HX66jVT2qJpJpohwHJt4hHQw", Named("7")),
    Purpose.VIEW: ("12.Ew6PKom889tSxm1kgRoD1urat-4", Named("", 12)),
}
OLD_BOUNCE = "7.c.mo4ohkagr53qzrqwoifx2por37purgfc"


def token(url):
    return urlsplit(url).path.rpartition("/")[2]


def local_part(address):
    return address.partition("@")[0].partition("+")[2]


def test_a_link_stands_under_the_base_url_and_its_purpose():
    assert LINKS.confirm(ADA, 12, NOW).startswith(f"https://papers.example.org/confirm/{ADA}.12.")
    assert LINKS.unsubscribe(ADA).startswith(f"https://papers.example.org/unsubscribe/{ADA}.")
    assert LINKS.preferences(ADA).startswith(f"https://papers.example.org/preferences/{ADA}.")
    assert LINKS.view(ADA, 12).startswith(f"https://papers.example.org/digest/{ADA}.12.")


@given(KEYS, st.integers(1, 10**18 - 1))
def test_a_token_gives_back_what_it_was_made_for(key, number):
    for purpose in Purpose:
        named = LINKS.read(purpose, LINKS.token(purpose, key, number, NOW), NOW)
        assert (named.key, named.delivery_id) == (key, number if purpose in OF_A_DELIVERY else 0)
        assert is_of(named, NOW) is (purpose in PASSING)
    assert LINKS.read_bounce(local_part(LINKS.bounce_address(key, number, "x.org"))) == Named(key, number)
    assert LINKS.read(Purpose.UNSUBSCRIBE, local_part(LINKS.unsubscribe_address(key, "x.org"))) == Named(key)
    assert LINKS.read(Purpose.UNSUBSCRIBE, token(LINKS.unsubscribe(key))) == Named(key)


@pytest.mark.parametrize("made", Purpose)
@pytest.mark.parametrize("used", Purpose)
def test_a_token_opens_only_what_it_was_made_for(made, used):
    assert (LINKS.read(used, LINKS.token(made, ADA, 12, NOW), NOW) is not None) is (made is used)


def test_a_confirmation_expires():
    made = token(LINKS.confirm(ADA, 12, NOW))
    assert LINKS.read(Purpose.CONFIRM, made, NOW + CONFIRM_WITHIN - timedelta(minutes=1))
    assert LINKS.read(Purpose.CONFIRM, made, NOW + CONFIRM_WITHIN + timedelta(minutes=1)) is None
    assert LINKS.read(Purpose.CONFIRM, made, NOW + timedelta(hours=2), max_age=timedelta(hours=1)) is None


def test_a_confirmation_without_a_clock_or_a_stamp_is_no_confirmation():
    assert LINKS.read(Purpose.CONFIRM, token(LINKS.confirm(ADA, 12, NOW))) is None
    assert LINKS.read(Purpose.CONFIRM, LINKS.token(Purpose.CONFIRM, ADA, 12), NOW) is None


def test_an_unsubscribe_link_works_for_as_long_as_the_mail_may_exist():
    assert LINKS.read(Purpose.UNSUBSCRIBE, token(LINKS.unsubscribe(ADA)), NOW + timedelta(days=36500)) == Named(ADA)


def test_an_old_key_is_believed_and_the_newest_one_signs():
    old, new = Links("https://papers.example.org", ["old key"]), Links("https://papers.example.org", ["new key"])
    for make in ("unsubscribe", "preferences"):
        assert getattr(LINKS, make)(ADA) == getattr(new, make)(ADA)
    assert LINKS.read(Purpose.UNSUBSCRIBE, token(old.unsubscribe(ADA))) == Named(ADA)
    assert old.read(Purpose.UNSUBSCRIBE, token(LINKS.unsubscribe(ADA))) is None
    assert LINKS.read_bounce(local_part(old.bounce_address(ADA, 12, "x.org"))) == Named(ADA, 12)
    assert LINKS.read(Purpose.UNSUBSCRIBE, local_part(old.unsubscribe_address(ADA, "x.org"))) == Named(ADA)


def test_what_was_signed_before_readers_had_keys_is_still_read():
    for purpose, (written, named) in OLD_TOKENS.items():
        assert OLD.read(purpose, written, NOW) == named
        assert Links(OLD.base_url, ["another"]).read(purpose, written, NOW) is None
    assert OLD.read_bounce(OLD_BOUNCE) == OLD.read_bounce(OLD_BOUNCE.upper()) == Named("7", 12)
    assert OLD.read(Purpose.UNSUBSCRIBE, OLD_TOKENS[Purpose.UNSUBSCRIBE][0]) == Named("7")


@given(KEYS, st.integers(1, 2**40 - 1), st.sampled_from([str.upper, str.lower, str.title]))
def test_addresses_of_ours_fit_an_envelope_and_survive_any_case(key, number, spelt):
    bounce, leave = LINKS.bounce_address(key, number, "x.org"), LINKS.unsubscribe_address(key, "x.org")
    assert max(len(address.partition("@")[0]) for address in (bounce, leave)) <= 64
    assert LINKS.read_bounce(BOUNCE_TOKEN.search(spelt(f"<{bounce}>"))[1]) == Named(key, number)
    assert LINKS.read(Purpose.UNSUBSCRIBE, UNSUBSCRIBE_TOKEN.search(spelt(f"<{leave}>"))[1]) == Named(key)


def test_a_token_fits_a_url():
    made = LINKS.token(Purpose.CONFIRM, ADA, 2_000_000_000, NOW)
    assert len(made) < 80
    assert re.fullmatch(r"[\w.-]+", made, re.ASCII)


def test_a_message_id_names_its_delivery():
    assert message_id(stamp("digest", 12, NOW), "x.org") == "<digest.12.20251224180000@x.org>"
    assert MESSAGE_ID.findall(message_id(stamp("digest", 12, NOW), "x.org")) == ["12"]


BAD = ["", ".", "7", "7.", "7.x", "é.é", "7." + "a" * 1_000_000, "\ud800", "7.\0", "7.abc.def", f"{ADA}.", f"{ADA}.1."]


@pytest.mark.parametrize("bad", BAD)
def test_a_bad_token_is_none_whatever_is_wrong_with_it(bad):
    assert {LINKS.read(purpose, bad, NOW) for purpose in Purpose} == {None}
    assert LINKS.read_bounce(bad) is LINKS.read(Purpose.UNSUBSCRIBE, bad) is None


@pytest.mark.parametrize(
    "signed", ["", "7", "x.1", "k1.7", f"{ADA}", f"{ADA}.x", f"{ADA}.1.2.3", "1.2.3", "-1", "1 .2"]
)
def test_what_nobody_would_sign_is_none_though_it_is_signed(signed):
    made = LINKS._signers[Purpose.VIEW].sign(signed).decode()
    assert LINKS.read(Purpose.VIEW, made, NOW) == (Named("", 7) if signed == "7" else None)


def test_a_cut_or_changed_token_is_none():
    made = token(LINKS.unsubscribe(ADA))
    assert {LINKS.read(Purpose.UNSUBSCRIBE, made[:length]) for length in range(len(made))} == {None}
    assert LINKS.read(Purpose.UNSUBSCRIBE, made.replace(ADA, a_key(8))) is None


@pytest.mark.parametrize("purpose", [one for one in Purpose if one is not Purpose.UNSUBSCRIBE])
def test_a_token_is_written_in_one_way(purpose):
    """Of base64, the last letter of a signature bears four bits: four letters would do, and padding."""
    made = LINKS.token(purpose, ADA, 7, NOW)
    letters = string.ascii_letters + string.digits + "-_"
    others = [made[:-1] + letter for letter in letters if letter != made[-1]]
    others += [made + more for more in ("=", "==", "\n", " ", ".", "%20", "\u200b")]
    assert LINKS.read(purpose, made, NOW)
    assert [other for other in others if LINKS.read(purpose, other, NOW)] == []


@given(st.sampled_from(Purpose), st.text(st.characters(exclude_categories=())))
def test_a_guess_opens_nothing_and_breaks_nothing(purpose, guess):
    assert LINKS.read(purpose, guess, NOW) is None
    assert LINKS.read_bounce(guess) is LINKS.read(Purpose.UNSUBSCRIBE, guess) is None
