"""What a reader makes of a mail and its papers: from the link in the mail to the changed digest, and back."""

import json
import re
from dataclasses import replace
from datetime import timedelta

import pytest

from digest.domain import Cadence, Mute, Order, Preferences
from digest.readers import subscriptions
from digest.readers.feedback import Answer, proposals
from digest.readers.mutes import leaving_nothing
from digest.store import feedback, readers
from tests.support.factories import NOW, a_paper
from tests.support.visitor import BASE, LINKS, a_visitor

PAPER = "2512.00001"
MUTED_UNTIL = NOW.date() + timedelta(days=30)


@pytest.fixture
def mailed(service):
    """A reader with a digest of one paper in their mailbox."""
    paper = a_paper(
        PAPER,
        title="Agents in terminals",
        authors=("Ada Lovelace", "Grace Example"),
        organization="Example Lab",
        keywords=("terminal agents", "benchmark", "agents", "<b>odd</b>"),
    )
    service.collects(paper)
    service.admits("ada@example.org", "agents", most_papers=10)
    service.sends()
    return service


def reader_of(service):
    return next(iter(readers.everyone(service.engine)))


def page_of(service, answer="", paper=PAPER):
    address = LINKS.feedback(reader_of(service).key, 1, paper).removeprefix(BASE)
    return f"{address}/{answer}" if answer else address


def choices(page):
    """What one may press: the words of each proposal, and its name in the form."""
    found = re.findall(r'value="([^"]*)"[^>]*> <span>(.*?)</span>', page, re.S)
    return {re.sub(r"<[^>]+>", "", words): name for name, words in found}


def test_every_link_of_a_mail_leads_to_a_page_that_changes_nothing(mailed):
    visitor, before = a_visitor(mailed.engine), reader_of(mailed)
    links = re.findall(r'href="https?://[^/"]+(/feedback/[^"]+)"', mailed.letters()[0].html)
    assert {link.rpartition("/")[2] for link in links} == {"more", "less", "save", "yes", "many", "off"}
    for link in links:
        answer = visitor.get(link)
        assert (answer.status_code, answer.text.count("<form")) == (200, 1)
    assert reader_of(mailed) == before
    assert feedback.rows_of(mailed.engine, before.id) == []
    assert feedback.saved_by(mailed.engine, before.id) == []


def test_more_like_this_proposes_what_sets_the_paper_apart(mailed):
    page = a_visitor(mailed.engine).get(page_of(mailed, "more")).text
    assert set(choices(page)) == {
        "No, keep them as they are",
        "Follow terminal agents",
        "Follow the author Ada Lovelace",
        "Follow papers from Example Lab",
    }


def test_a_press_follows_what_was_proposed_and_an_undo_takes_it_back(mailed):
    visitor, address = a_visitor(mailed.engine), page_of(mailed, "more")
    name = choices(visitor.get(address).text)["Follow terminal agents"]
    for _ in range(2):  # twice is as good as once
        assert visitor.post(address, data={"change": name}).status_code == 200
    assert reader_of(mailed).preferences.topics == ("agents", "terminal agents")
    assert feedback.votes(mailed.engine, [1]) == {1: {PAPER: 1}}
    assert visitor.post(f"{address}/undo").status_code == 200
    assert reader_of(mailed).preferences.topics == ("agents",)
    assert feedback.votes(mailed.engine, [1]) == {}


def test_an_undo_leaves_alone_what_was_changed_since(mailed):
    visitor, address = a_visitor(mailed.engine), page_of(mailed, "more")
    visitor.post(address, data={"change": choices(visitor.get(address).text)["Follow terminal agents"]})
    wanted = replace(reader_of(mailed).preferences, topics=("agents", "terminal agents", "tides"), most_papers=7)
    subscriptions.change(mailed.engine, 1, wanted, NOW)
    visitor.post(f"{address}/undo")
    after = reader_of(mailed).preferences
    assert (after.topics, after.most_papers) == (("agents", "tides"), 7)


def test_a_vote_without_a_change_is_noted(mailed):
    visitor = a_visitor(mailed.engine)
    assert "Noted" in visitor.post(page_of(mailed, "less")).text
    assert feedback.votes(mailed.engine, [1]) == {1: {PAPER: -1}}
    assert reader_of(mailed).preferences.topics == ("agents",)


def test_less_narrows_the_topic_or_hides_the_term(mailed):
    visitor, address = a_visitor(mailed.engine), page_of(mailed, "less")
    offered = choices(visitor.get(address).text)
    visitor.post(address, data={"change": offered["Only papers with 10 or more upvotes on agents"]})
    assert reader_of(mailed).preferences.topics == ("agents + upvotes:>=10",)
    visitor.post(f"{address}/undo")
    visitor.post(address, data={"change": offered["No papers on terminal agents"]})
    assert reader_of(mailed).preferences.topics == ("agents", '-"terminal agents"')


def test_less_mutes_a_topic_for_a_month_and_it_comes_back_by_itself(mailed):
    service, visitor, address = mailed, a_visitor(mailed.engine), page_of(mailed, "less")
    assert "Mute agents for a month" not in choices(visitor.get(address).text), "the last topic is no noise"
    subscriptions.change(service.engine, 1, replace(reader_of(service).preferences, topics=("agents", "tides")), NOW)
    visitor.post(address, data={"change": choices(visitor.get(address).text)["Mute agents for a month"]})
    after = reader_of(service).preferences
    assert (after.topics, after.muted) == (("agents", "tides"), (Mute("agents", MUTED_UNTIL),))
    titles = []
    for days in (1, 29, 31):
        service.now = NOW + timedelta(days=days)
        service.collects(a_paper(title=f"Agents {days}"), a_paper(title=f"Tides {days}"), day=service.now.date())
        service.sends()
        titles += [
            text for letter in service.letters() for text in re.findall(r"^(?:Agents|Tides) \d+", letter.text, re.M)
        ]
    assert sorted(titles) == ["Agents 31", "Tides 1", "Tides 29", "Tides 31"]


def test_a_mute_is_shown_and_undone_in_the_preferences_and_survives_other_changes(mailed):
    visitor, own = a_visitor(mailed.engine), LINKS.preferences(reader_of(mailed).key).removeprefix(BASE)
    topics = ("agents", "tides")
    muted = (Mute("agents", MUTED_UNTIL), Mute("tides", NOW.date()))
    subscriptions.change(mailed.engine, 1, replace(reader_of(mailed).preferences, topics=topics, muted=muted), NOW)
    visitor.post(own, data={"hour": "9"})
    assert reader_of(mailed).preferences.muted == muted
    page = visitor.get(own).text
    assert re.findall(r'name="unmute" value="([^"]*)"', page) == ["agents"]
    assert re.findall(r'name="remove" value="([^"]*)"', page) == ["tides"], "what rests is listed once"
    visitor.post(own, data={"unmute": "agents"})
    assert 'name="unmute"' not in visitor.get(own).text
    assert reader_of(mailed).preferences.on(NOW.date()).topics == topics
    subscriptions.change(mailed.engine, 1, replace(reader_of(mailed).preferences, muted=muted), NOW)
    visitor.post(own, data={"remove": "agents"})
    assert [mute.topic for mute in reader_of(mailed).preferences.muted] == ["tides"]


def test_who_mutes_all_they_follow_is_told_what_to_do(mailed):
    visitor, own = a_visitor(mailed.engine), LINKS.preferences(reader_of(mailed).key).removeprefix(BASE)
    page = visitor.get(page_of(mailed, "less")).text
    assert "<bdi>agents</bdi></em> cannot be muted: you follow nothing else" in page
    assert f'href="{own}#pause"' in page
    wanted = replace(reader_of(mailed).preferences, muted=(Mute("agents", MUTED_UNTIL),))
    subscriptions.change(mailed.engine, 1, wanted, NOW)
    page = visitor.get(own).text
    assert "All you follow is muted, so nothing comes to" in page
    assert 'href="#pause"' in page
    assert 'name="unmute"' in page


@pytest.mark.parametrize(("zone", "rests"), [("Pacific/Kiritimati", False), ("UTC", True), ("Nowhere/Else", True)])
def test_a_mute_ends_as_its_day_begins_where_the_reader_is(zone, rests):
    """At six in the evening of the day before in UTC it is the day already in Kiritimati."""
    chosen = Preferences(("agents",), timezone=zone, muted=(Mute("agents", NOW.date() + timedelta(days=1)),))
    assert bool(leaving_nothing(chosen, chosen.today(NOW))) == rests


def test_an_undo_ends_the_mute_it_began(mailed):
    visitor, address = a_visitor(mailed.engine), page_of(mailed, "less")
    subscriptions.change(mailed.engine, 1, replace(reader_of(mailed).preferences, topics=("agents", "tides")), NOW)
    visitor.post(address, data={"change": choices(visitor.get(address).text)["Mute agents for a month"]})
    visitor.post(f"{address}/undo")
    assert reader_of(mailed).preferences.muted == ()


def test_a_paper_without_keywords_is_told_apart_by_its_own_words(service):
    service.collects(
        a_paper(PAPER, title="Agents and tree search", abstract="Tree search helps. Tree search prunes.", authors=()),
        *(a_paper(title=f"Tree search {n}", abstract="Tree search is slow.") for n in range(2)),
        *(a_paper(title=f"Birds of the marsh {n}", abstract=f"Heron {n} waits.") for n in range(9)),
    )
    service.admits("ada@example.org", "agents")
    service.sends()
    visitor, address = a_visitor(service.engine), page_of(service, "more")
    assert "Follow tree search" in choices(visitor.get(address).text)
    assert "tree search" in visitor.post(address).text
    assert feedback.votes_on_words(service.engine, [1])[1]["tree search"] == 1


def test_a_second_press_says_that_it_is_done(mailed):
    visitor, address = a_visitor(mailed.engine), page_of(mailed, "more")
    name = choices(visitor.get(address).text)["Follow terminal agents"]
    visitor.post(address, data={"change": name})
    assert "Already done" in visitor.post(address, data={"change": name}).text
    assert "no longer available" in visitor.post(page_of(mailed, "less"), data={"change": "-agents"}).text


def test_nothing_can_be_pressed_that_was_not_proposed(mailed):
    a_visitor(mailed.engine).post(page_of(mailed, "more"), data={"change": "-agents"})
    assert reader_of(mailed).preferences.topics == ("agents",)


@pytest.mark.parametrize(
    ("answer", "words", "changed"),
    [
        ("many", "Send at most 5 papers at a time", {"most_papers": 5}),
        ("many", "Send the digest once a week", {"cadence": Cadence.WEEKLY}),
        ("off", "Put first what matches best", {"order": Order.BEST}),
    ],
)
def test_a_mail_that_was_not_useful_offers_the_mend(mailed, answer, words, changed):
    visitor, address = a_visitor(mailed.engine), page_of(mailed, answer, paper="")
    before = reader_of(mailed).preferences
    visitor.post(address, data={"change": choices(visitor.get(address).text)[words]})
    after = reader_of(mailed).preferences
    assert {name: getattr(after, name) for name in changed} == changed
    visitor.post(f"{address}/undo")
    assert reader_of(mailed).preferences == before


@pytest.mark.parametrize(
    ("topics", "offered"),
    [
        (("agents", "tides"), ["tides"]),
        (("agents", "-games"), []),
        (("NOT games", "-chess", "-go", "-(cards | dice)", "agents", "birds -eggs"), ["agents", "birds -eggs"]),
        (("agents", "birds", "tides"), ["agents", "birds", "tides"]),
    ],
    ids=["one rests", "one is left out", "many are left out, before those that are followed", "two stay"],
)
def test_a_topic_can_be_dropped_where_another_still_brings_papers(topics, offered):
    now = Preferences(topics, muted=(Mute("tides", MUTED_UNTIL),))
    found = proposals(Answer.OFF, now, NOW.date())
    assert [each.about for each in found if each.words == "Stop following"] == offered


def test_a_saved_paper_is_kept_once_and_taken_along_in_three_forms(mailed):
    visitor, saved = a_visitor(mailed.engine), LINKS.saved(reader_of(mailed).key).removeprefix(BASE)
    assert "Nothing yet" in visitor.get(saved).text
    for _ in range(2):
        visitor.post(page_of(mailed, "save"))
    assert visitor.get(saved).text.count("Agents in terminals") == 1
    assert "@misc{lovelace2025agents," in visitor.get(f"{saved}/papers.bib").text
    assert (
        "TY  - UNPB\r\nTI  - Agents in terminals\r\nAU  - Lovelace, Ada\r\n" in visitor.get(f"{saved}/papers.ris").text
    )
    [item] = json.loads(visitor.get(f"{saved}/papers.json").text)
    assert (item["title"], item["author"][0]) == ("Agents in terminals", {"family": "Lovelace", "given": "Ada"})
    assert visitor.get(f"{saved}/papers.exe").status_code == 404
    visitor.post(page_of(mailed, "save") + "/undo")
    assert "Nothing yet" in visitor.get(saved).text


def test_an_export_has_what_was_answered_and_saved(mailed):
    visitor = a_visitor(mailed.engine)
    visitor.post(page_of(mailed, "more"))
    visitor.post(page_of(mailed, "save"))
    visitor.post(page_of(mailed, "yes", paper=""))
    kept = visitor.get(LINKS.preferences(reader_of(mailed).key).removeprefix(BASE) + "/export").json()
    said = {(one["paper_id"], one["answer"]): one["about"] for one in kept["answers"]}
    assert said == {(PAPER, "more"): ["terminal agents"], ("", "yes"): []}
    assert kept["saved_papers"] == [PAPER]


def test_all_papers_of_a_mail_are_one_file(mailed):
    answer = a_visitor(mailed.engine).get(LINKS.view(reader_of(mailed).key, 1).removeprefix(BASE) + ".bib")
    assert answer.headers["content-type"].startswith("application/x-bibtex")
    assert answer.text.count("@misc{") == 1


@pytest.mark.parametrize("paper", ["2512.99999", "nowhere:1"])
def test_a_link_to_a_paper_that_was_not_in_the_mail_opens_nothing(mailed, paper):
    assert a_visitor(mailed.engine).get(page_of(mailed, "more", paper=paper)).status_code == 404


def test_an_answer_of_another_kind_opens_nothing(mailed):
    visitor = a_visitor(mailed.engine)
    for address in (page_of(mailed, "many"), page_of(mailed, "more", paper=""), page_of(mailed, "burn")):
        assert visitor.get(address).status_code == 404
        assert visitor.post(address).status_code == 404
        assert visitor.post(f"{address}/undo").status_code == 404


def test_a_link_of_the_text_offers_every_answer(mailed):
    visitor = a_visitor(mailed.engine)
    assert visitor.get(page_of(mailed)).text.count('class="button') == 3
    assert visitor.get(page_of(mailed, paper="")).text.count('class="button') == 3
