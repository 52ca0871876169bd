"""Every claim of every mail, read against what is stored: `docs/mail.md` has the table."""

import re
from dataclasses import replace
from datetime import date, timedelta

import pytest

from digest.compose import opened
from digest.domain import Cadence, Order, Paper, Pick, Reason, Selection
from digest.jobs.editions import Editions
from digest.links import Purpose
from digest.store import ledger
from digest.store.planning import FIRST_REACHES_BACK
from tests.emails import COMPOSER, LETTERHEAD, a_delivery
from tests.support.composing import a_letter, flat
from tests.support.factories import NOW, a_paper

A_DAY = timedelta(days=1)
TODAY = NOW.date()


def said(letter):
    return flat(letter.text.replace("\u00a0", " "))


def picks(count, topic="agents", first=0):
    reason = (Reason(topic, "title", ("agents",)),) if topic else (Reason("", "trending"),)
    numbers = range(first, first + count)
    return [Pick(a_paper(f"2512.{n:05}", title=f"Paper {n} on agents"), 1.0, reason) for n in numbers]


@pytest.fixture
def sent(service):
    """What a reader with topics and one without get: the letters, and what each was chosen from."""
    titles = [*(f"Agents {n}" for n in range(14)), *(f"Tides {n}" for n in range(9))]
    service.collects(*(a_paper(title=title) for title in titles))
    service.admits("ada@example.org", "agents ^2", "-survey", most_papers=8)
    service.admits("bob@example.org", most_papers=4)
    service.sends()
    deliveries = [ledger.find(service.engine, number) for number in (1, 2)]
    editions = Editions(service.engine).gather(deliveries)
    return deliveries, [editions[delivery.id] for delivery in deliveries], service.letters()


def test_what_a_digest_counts_is_what_is_in_the_ledger_and_in_the_edition(sent):
    """How many papers, out of how many, on which days, on what, and how many more match."""
    deliveries, editions, letters = sent
    for delivery, edition in zip(deliveries, editions, strict=True):
        text = next(said(letter) for letter in letters if delivery.reader.email in letter.text)
        counted = re.search(r"(\w+) (trending )?papers", text)[1]
        assert {"Eight": 8, "Four": 4}[counted] == len(delivery.papers)
        assert f"of {len(edition.papers)} listed today" in text
        assert edition.days == (TODAY, TODAY)
    of_ada, of_bob = (next(said(x) for x in letters if who in x.text) for who in ("ada@", "bob@"))
    assert "Eight papers on *agents* of 23" in of_ada
    assert "And 6 more that match your topics" in of_ada
    assert "^2" not in of_ada.replace("%5E2", "")
    assert "-survey" not in of_ada.replace("-survey", "", of_ada.count("topics="))
    assert "Four trending papers" in of_bob
    assert "And 19 more papers:" in of_bob
    assert "your topics" not in of_bob.replace("Change your topics", "").replace("change your topics", "")


def test_the_links_of_a_digest_lead_to_what_they_say(sent):
    deliveries, _, letters = sent
    for delivery in deliveries:
        text = next(letter.text for letter in letters if delivery.reader.email in letter.text)
        assert f"/unsubscribe/{delivery.reader.key}." in text
        assert text.count(f"/feedback/{delivery.reader.key}.{delivery.id}.") == len(delivery.papers) + 1
        assert f"/digest/{delivery.reader.key}.{delivery.id}." in text


@pytest.mark.parametrize(
    ("first", "last", "words"),
    [
        (TODAY, TODAY, "of 40 listed today"),
        (TODAY - A_DAY, TODAY - A_DAY, "of 40 listed on Tuesday"),
        (TODAY - 9 * A_DAY, TODAY - 9 * A_DAY, "of 40 listed on December 15"),
        (date(2025, 12, 17), date(2025, 12, 23), "of 40 listed December 17 to 23"),
        (date(2025, 11, 28), date(2025, 12, 4), "of 40 listed November 28 to December 4"),
        (date(2024, 12, 28), date(2025, 1, 4), "of 40 listed December 28, 2024 to January 4"),
    ],
)
def test_the_days_are_those_of_the_edition(first, last, words):
    mail = COMPOSER.digest(a_delivery(), Selection(tuple(picks(2))), listed=40, days=(first, last))
    assert words in said(opened(mail.content))


@pytest.mark.parametrize(
    ("listed", "words"),
    [
        (26, "25 trending papers of 26 listed today"),
        (25, "25 trending papers everything listed today"),
        (24, "25 trending papers everything listed today"),
        (0, "25 trending papers"),
    ],
    ids=["one is not shown", "all are shown", "one came in again", "how many is not known"],
)
def test_a_digest_of_all_that_was_listed_says_so(listed, words):
    chosen = Selection(tuple(picks(25, "")))
    text = said(opened(COMPOSER.digest(a_delivery(topics=()), chosen, listed=listed, days=(TODAY, TODAY)).content))
    assert words in text
    assert (" listed " in text) == bool(listed)


def test_a_weekly_names_exactly_the_days_it_covers_and_a_first_one_of_a_day_no_week():
    weekly = a_delivery(cadence=Cadence.WEEKLY)
    week = COMPOSER.digest(weekly, Selection(tuple(picks(2))), days=(date(2025, 12, 17), date(2025, 12, 23)))
    assert "Paper Digest · December 17 to 23 · " in said(opened(week.content))
    first = COMPOSER.digest(weekly, Selection(tuple(picks(2))), days=(TODAY, TODAY), first=True)
    text = said(opened(first.content))
    assert "Paper Digest · Wednesday, December 24 · " in text
    assert "week" not in text.replace("weekly", "")


@pytest.mark.parametrize(
    ("order", "words"), [(Order.MIXED, ""), (Order.BEST, "best match first"), (Order.LIKED, "most upvoted first")]
)
def test_the_order_is_said_when_it_was_chosen_and_the_papers_stand_in_it(order, words):
    topics = ("agents", "robots")
    chosen = [*picks(5, "agents"), *picks(5, "robots", first=5)]
    chosen = [pick for pair in zip(chosen[:5], chosen[5:], strict=True) for pick in pair]
    delivery = a_delivery(topics=topics)
    wanted = replace(delivery.reader, preferences=replace(delivery.reader.preferences, order=order))
    letter = opened(COMPOSER.digest(replace(delivery, reader=wanted), Selection(tuple(chosen))).content)
    assert words in said(letter)
    assert ("first" in said(letter).partition("Paper 0")[0]) == bool(words)
    shown = re.findall(r"^Paper (\d+) on", letter.text, re.MULTILINE)
    in_order = [pick.paper.title.split()[1] for pick in chosen]
    assert shown == (in_order if words else sorted(in_order, key=int))


def test_the_topic_in_a_subject_found_the_paper_beside_it():
    letter = a_letter(*picks(1, "agents"), *picks(3, "robots", first=5))
    assert letter.subject.startswith("Four papers on agents and more: ")


def test_the_best_paper_stands_first_whatever_its_group():
    chosen = [*picks(1, "tides", first=90), *picks(5, "agents"), *picks(5, "robots", first=5)]
    text = a_letter(*chosen, topics=["agents", "robots", "tides"]).text
    assert re.search(r"^Paper (\d+) on", text, re.MULTILINE)[1] == "90"
    assert text.count("=" * 72) == 3


def test_a_digest_that_can_be_seen_at_once_has_no_list_and_a_longer_one_lists_every_card():
    assert 'class="contents"' not in a_letter(*picks(6)).html
    html = a_letter(*picks(7)).html
    assert re.findall(r'href="#([\w-]+)"', html) == re.findall(r'class="(?:card|brief)" id="([\w-]+)"', html)
    long = a_letter(*picks(40)).html
    assert long.count('class="line"') == 35


def test_a_reading_time_is_that_of_the_words_shown():
    def minutes(count, words):
        paper = Paper("1", "T", summary="word " * words)
        return int(re.search(r"(\d+) min read", said(a_letter(*[Pick(paper, 1, ())] * count)))[1])

    assert minutes(1, 5) == 1
    assert 1 < minutes(5, 70) <= 3


def test_a_first_digest_reaches_back_seven_listed_days_and_says_so(service):
    for days_ago in range(9, -1, -1):
        service.now = NOW - days_ago * A_DAY
        service.collects(a_paper(f"2512.1000{days_ago}", title=f"Agents {days_ago} days ago"), day=service.now.date())
    service.admits("ada@example.org", "agents", most_papers=10)
    service.admits("bob@example.org", most_papers=10)
    service.sends()
    of_ada, of_bob = (ledger.find(service.engine, number) for number in (1, 2))
    assert len(of_ada.papers) == FIRST_REACHES_BACK
    assert of_bob.papers == ("2512.10000",)
    first = TODAY - (FIRST_REACHES_BACK - 1) * A_DAY
    text = next(said(letter) for letter in service.letters() if "ada@" in letter.text)
    assert f"It reaches back to {first:%A}, December {first.day}." in text


def test_a_stranger_is_told_what_they_see_and_given_no_key():
    chosen = Selection((*picks(2), *picks(2, "robots", 5)))
    mail = COMPOSER.digest(a_delivery(topics=("agents", "robots")), chosen, listed=25, shared=True)
    html = opened(mail.content).html
    assert "4 of 25 listed" in html
    assert "<title>A digest on agents and robots: " in html
    assert html.index("Subscribe to these topics") < html.index("<h1")
    for key in (LETTERHEAD.links.token(Purpose.UNSUBSCRIBE, a_delivery().reader.key), "/preferences/", "/feedback/"):
        assert key not in html


def test_what_one_passes_on_takes_the_topics_along():
    letter = a_letter(*picks(1), topics=["agents", 'author:"Ada"', "x" * 3000])
    for link in ("https://papers.example.org/?topics=", "https://papers.example.org/feed.atom?topics="):
        assert f"\n{link}agents%0Aauthor%3A%22Ada%22\n" in letter.text
    assert "\nhttps://papers.example.org/\n" in a_letter(*picks(1, ""), topics=[]).text


def near(id="2512.00900", topic="agents", words=("draft model", "verification")):
    return Pick(a_paper(id, title="Faster Generation"), 0.3, (Reason(topic, "related", words),))


def test_what_is_related_stands_apart_says_what_it_shares_and_is_not_counted():
    chosen = Selection(tuple(picks(2)), more=3, related=(near(),))
    mail = COMPOSER.digest(a_delivery(topics=("agents",)), chosen, listed=40)
    letter = opened(mail.content)
    text = said(letter)
    assert "Two papers on *agents* of 40 listed" in text
    assert "And 3 more that match your topics" in text
    matched, _, apart = text.partition("Related papers")
    assert "Faster Generation" not in matched
    assert "shares *draft model* and *verification* with papers on *agents*" in apart
    assert "Faster Generation" not in letter.subject
    html = letter.html
    assert html.index('id="related"') < html.index("Faster Generation") < html.index('class="foot"')
    assert "Related" not in said(a_letter(*picks(2)))


@pytest.mark.parametrize(
    ("topic", "words", "claim"),
    [
        ('author:"Ada Lovelace"', ("proof", "tides"), "shares *proof* and *tides* with papers by *Ada Lovelace*"),
        ("http://evil.example/x", ("proof",), "shares *proof* with papers of yours"),
        ("agents ^2", ("evil.example/x", "www.x.org"), "near papers on *agents*"),
    ],
)
def test_what_is_shared_is_said_in_words_that_nobody_makes_a_link_of(topic, words, claim):
    chosen = Selection(tuple(picks(1)), related=(near(topic=topic, words=words),))
    assert claim in said(opened(COMPOSER.digest(a_delivery(), chosen).content))


def test_a_stranger_sees_what_is_related_and_nothing_of_the_readers_votes():
    voted = replace(picks(1)[0], reasons=(*picks(1)[0].reasons, Reason("", "liked", ("tree search",), count=2)))
    chosen = Selection((voted,), related=(near(),))
    text = said(opened(COMPOSER.digest(a_delivery(), chosen, shared=True).content))
    assert "shares *draft model*" in text
    assert "tree search" not in text
    assert "you liked two papers on *tree search*" in said(opened(COMPOSER.digest(a_delivery(), chosen).content))


def test_what_is_trending_is_called_so_though_votes_moved_it():
    trending = [replace(pick, reasons=(*pick.reasons, Reason("", "liked", ("x",), count=1))) for pick in picks(2, "")]
    assert "Two trending papers" in said(a_letter(*trending, topics=[]))


def test_a_resend_is_the_same_bytes():
    chosen = Selection((*picks(5), *picks(6, "robots", first=5)))
    again = replace(a_delivery(), attempts=3)
    assert COMPOSER.digest(a_delivery(), chosen).content == COMPOSER.digest(again, chosen).content
