"""What a mail says as a whole, around its cards."""

import re
from dataclasses import replace
from datetime import date

import pytest

from digest.compose import MOST_HTML_BYTES, Composer, opened, wording
from digest.domain import Kind, Preferences, Selection
from digest.links import Links
from tests.emails import DAY, FOLDER, LETTERHEAD, TOPICS, a_delivery, a_pick, listed_paper, mails
from tests.support.composing import COMPOSER, a_digest, a_letter, flat
from tests.support.factories import NOW, a_key


def test_a_line_above_says_the_readers_day_and_the_heading_how_many_papers_on_what():
    small = a_pick(None, "small", title="On small things", topic="small")
    text = a_letter(small, small, timezone="Asia/Tokyo").text
    assert "Paper Digest · Thursday, December 25 · 1 min read\n" in text.replace("\u00a0", " ")
    assert "\nTwo papers on *small*\n" in text


def test_what_did_not_fit_is_counted_and_one_link_away():
    letter = opened(a_digest(a_pick(None, "small", title="On small things"), more=5).content)
    link = LETTERHEAD.links.view(a_key(1), 7)
    assert f"And 5 more that match your topics:\n{link}\n" in letter.text
    assert "5 more that match your topics</a>" in letter.html


@pytest.mark.parametrize("word", ["word ", "漢字、", "&<>", "😀"])
def test_a_digest_stays_under_the_size_at_which_gmail_cuts(word):
    picks = [a_pick(listed_paper(f"2512.{n:05}", word * 60, abstract=(word * 30 + ". ") * 9)) for n in range(150)]
    mail = a_digest(*picks, topics=[word * 40] * 50, email="a" * 64 + "@" + "example." * 20 + "org")
    text, html = opened(mail.content).text, opened(mail.content).html
    shown = html.count('class="card"') + html.count('class="line"')
    assert len(mail.content.partition(b"text/html")[2]) <= MOST_HTML_BYTES
    assert 5 <= shown < 150
    assert f"And {150 - shown} more" in text


def test_the_view_on_the_web_has_no_limit():
    picks = tuple(a_pick(listed_paper(f"2512.{n:05}", "Title", abstract="Long. " * 80)) for n in range(150))
    whole = opened(COMPOSER.digest(a_delivery(), Selection(picks), most_bytes=10**7).content)
    assert whole.html.count('class="card"') + whole.html.count('class="line"') == 150


def test_a_day_without_papers_can_be_previewed():
    assert a_letter().subject == "No papers matched"
    assert "No papers matched" in a_letter().text


@pytest.mark.parametrize(("topic", "end"), [("robot*", "follow robot…"), ("agents", "follow agents.")])
def test_a_sentence_ends_with_one_dot(topic, end):
    said = "".join(run.text for run in wording.why(Preferences((topic,))))
    assert said.endswith(end)


def test_every_digest_says_why_it_came_and_how_to_leave():
    """F10 and U8."""
    letter = opened(COMPOSER.digest(a_delivery(topics=TOPICS), DAY).content)
    why = "You get this email every day because you follow speculative decoding, the author Ada Lovelace and diffusion."
    for part in (flat(letter.text).replace("*", ""), flat(re.sub("<[^>]+>", "", letter.html))):
        assert why in part
        assert "Unsubscribe" in part
        assert "12 Example Street, Exampleton" in part
    for part in (letter.text, letter.html):
        assert LETTERHEAD.links.unsubscribe(a_key(1)) in part
        assert LETTERHEAD.links.preferences(a_key(1)) in part
        assert LETTERHEAD.links.view(a_key(1), 7) in part


def test_no_postal_address_leaves_no_line():
    mail = Composer(replace(LETTERHEAD, postal_address="")).digest(a_delivery(), DAY)
    assert "Paper Digest, " not in opened(mail.content).text + opened(mail.content).html


def test_a_confirmation_repeats_nothing_a_stranger_typed_and_has_a_way_out():
    mail = COMPOSER.letter(a_delivery("confirm", topics=("buy my pills",)))
    letter = opened(mail.content)
    for part in (letter.text, letter.html):
        assert "pills" not in part
        assert "reader@example.org" not in part
        assert LETTERHEAD.links.confirm(a_key(1), a_delivery("confirm").id, NOW) in part
        assert LETTERHEAD.links.unsubscribe(a_key(1)) in part


def test_a_quiet_note_says_what_was_looked_at_and_which_topics_found_nothing():
    told = {"listed": 143, "since": date(2025, 12, 16), "last_match": date(2025, 12, 9), "broader": ("water", "ropes")}
    letter = opened(COMPOSER.quiet(a_delivery(topics=("knots", "tides")), **told).content)
    text = flat(letter.text.replace("\u00a0", " "))
    assert "Of 143 papers listed since Tuesday, December 16, none matched your topics." in text
    assert "The last paper that matched was listed on Tuesday, December 9." in text
    assert "  - knots\n  - tides\n" in letter.text
    assert "  - water\n  - ropes\n" in letter.text
    assert LETTERHEAD.links.preferences(a_key(1)) in letter.html


def test_a_quiet_note_says_nothing_that_nobody_told_it():
    text = opened(COMPOSER.quiet(a_delivery(topics=("knots",)), listed=17).content).text
    assert "No new paper matched your topics." in text
    assert "17" not in text.partition("unsubscribe")[0].replace("k0000", "")
    assert "last paper" not in text


def test_a_development_address_makes_plain_links():
    house = replace(LETTERHEAD, links=Links("http://localhost:8000", ["key"]))
    assert "http://localhost:8000/unsubscribe/" in opened(Composer(house).letter(a_delivery(Kind.MANAGE)).content).text


@pytest.mark.parametrize("name", mails())
def test_a_golden_mail_has_not_changed(name):
    """If the change is meant, `python -m tests.emails` writes them anew."""
    assert mails()[name].content == (FOLDER / f"{name}.eml").read_bytes()
