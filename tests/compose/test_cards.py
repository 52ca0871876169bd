"""What a card says of a paper."""

import re
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.compose import lead
from digest.compose.marking import runs
from digest.domain import Pick, Reason
from tests.emails import DRAFT, LETTERHEAD, a_pick, listed_paper
from tests.support.composing import Tags, a_letter, flat
from tests.support.factories import a_key, a_paper


def test_a_card_says_how_liked_by_whom_and_for_which_topic():
    pick = Pick(DRAFT, 1.0, (Reason("speculative decoding", "title", ("Speculative Decoding",)),))
    other = a_pick(listed_paper("1", "Tides"), "Tides", topic="tides")
    letter = a_letter(pick, other)
    assert "▲ 62 · Grace Example + 4 · Example Lab\n*speculative decoding*\n" in letter.text.replace("\u00a0", " ")
    seen = flat(re.sub("<[^>]+>", "", letter.html).replace("&nbsp;", " "))
    assert "▲ 62 · Grace Example + 4 · Example Lab · speculative decoding PDF · Code ★ 1,234 · Save · More" in seen


def test_the_topic_that_is_named_above_a_paper_is_not_said_again_below_it():
    picks = [a_pick(listed_paper(f"1.{n}", f"Tides {n}"), "Tides", topic="tides") for n in range(4)]
    assert "tides" not in a_letter(*picks).text.partition("---")[2].partition("because you")[0]
    both = Reason("birds", "abstract", ("birds",))
    picks += [a_pick(listed_paper(f"2.{n}", f"Birds {n}"), "Birds", topic="birds") for n in range(4)]
    picks[0] = replace(picks[0], reasons=(*picks[0].reasons, both))
    found = re.findall(r"^\*.*\*$", a_letter(*picks).text, re.MULTILINE)
    assert found == ["*birds*"], "of those under *tides*, what else found it"


def test_a_paper_says_when_it_appeared_only_if_that_is_long_ago():
    old = listed_paper("2410.1", "Old", published_at=datetime(2024, 10, 1, tzinfo=UTC), listed_on=date(2025, 12, 22))
    assert "Oct 2024 · Ada Lovelace" in a_letter(a_pick(old)).text.replace("\u00a0", " ")
    assert (
        "Dec" not in a_letter(a_pick(listed_paper("1", "New", listed_on=date(2025, 12, 24)))).html.partition("<h2")[2]
    )


def test_nobody_is_told_of_no_upvotes_and_of_comments():
    letter = a_letter(a_pick(upvotes=0, comments=1))
    assert "▲" not in letter.text + letter.html
    assert "comment" not in letter.text + letter.html


def test_a_team_that_signs_as_one_is_named_once():
    team = a_paper(authors=("Kite Team", "Ada Lovelace"), organization="Kite Team")
    assert "Kite Team + 1\n" in a_letter(a_pick(team)).text.replace("\u00a0", " ")


def test_an_author_the_reader_follows_is_named_however_many_there_are():
    paper = a_paper(authors=tuple(f"Author {n}" for n in range(664)))
    pick = Pick(paper, 1.0, (Reason("author:author 300", "author", ("author 300",)),))
    assert "Author 0, Author 300 + 662" in a_letter(pick).text.replace("\u00a0", " ")


def test_matched_words_are_marked_in_title_and_abstract():
    html = a_letter(a_pick(title="On Small Models", abstract="Big models. We like small models.", topic="small")).html
    assert 'class="hit"' not in html
    html = a_letter(a_pick(None, "small", title="small Models", abstract="We like small ones.")).html
    assert re.findall(r'<b class="hit"[^>]*>(\w+)</b>', html) == ["small", "small"]


def test_an_excerpt_begins_with_the_sentence_that_matched():
    abstract = "Nothing here. " * 40 + "Then we prune, e.g. by hand. It helps. " + "Nothing there. " * 40
    html = a_letter(a_pick(None, "prune", title="A", abstract=abstract)).html
    text = a_letter(a_pick(None, "prune", title="A", abstract=abstract)).text
    assert "… Then we prune, e.g. by hand. It helps. Nothing there." in flat(text)
    assert ">prune</b>" in html


def test_a_match_deep_in_an_endless_sentence_is_still_shown():
    abstract = "and so on, " * 100 + "prune at last " + "and so on, " * 100
    assert ">prune</b>" in a_letter(a_pick(None, "prune", title="A", abstract=abstract)).html


def test_a_summary_leads_and_says_who_wrote_it():
    pick = a_pick(None, "small", abstract="We like small models.", summary="Small models win. RAG loses.")
    letter = a_letter(pick)
    assert "\nAI summary: Small models win. RAG loses.\n" in letter.text
    assert ">Small</b> models win." in letter.html
    assert "We like" not in letter.text


def test_without_a_summary_the_sentence_that_says_what_is_new_leads():
    abstract = "However, models are slow. Many tried. We propose a small sieve. It helps."
    letter = a_letter(a_pick(None, "small", title="A", abstract=abstract))
    assert "\nWe propose a small sieve.\n" in letter.text
    assert "AI summary" not in letter.text
    assert ">small</b> sieve" in letter.html


@pytest.mark.parametrize(
    ("text", "words", "marked"),
    [
        ("An Agent and two agents", ("agents",), ["Agent", "agents"]),
        ("A rag, RAG and RAGs in fragments", ("RAG",), ["RAG", "RAGs"]),
        ("Tree-search beats tree search", ("tree search",), ["Tree-search", "tree search"]),
        ("C++ and c++", ("C++",), ["C++", "c++"]),
        ("a gas and its gases", ("gas",), ["gas", "gases"]),
        ("No word of it", ("it of",), []),
        ("anything", ("",), []),
    ],
)
def test_matched_words_are_found_again_in_a_summary(text, words, marked):
    runs = lead.marked(text, (Reason("t", "title", words),))
    assert [run.text for run in runs if run.marked] == marked
    assert "".join(run.text for run in runs) == text


def test_a_card_leads_where_one_reads_and_tries_a_paper():
    html = a_letter(a_pick(DRAFT)).html
    card = html.partition('class="card"')[2].partition("</div>")[0]
    own = LETTERHEAD.links.feedback(a_key(1), 7, DRAFT.id)
    assert Tags(card).addresses == [
        "https://huggingface.co/papers/2512.00001",
        "https://arxiv.org/pdf/2512.00001",
        "https://github.com/example/draft",
        *(f"{own}/{vote}" for vote in ("save", "more", "less")),
    ]


def test_the_text_has_two_links_a_paper():
    card = a_letter(a_pick(DRAFT)).text.split("-" * 72)[1]
    own = LETTERHEAD.links.feedback(a_key(1), 7, DRAFT.id)
    assert re.findall(r"https?://\S+", card) == ["https://huggingface.co/papers/2512.00001", own]


def test_a_title_leads_to_arxiv_when_the_paper_is_not_on_daily_papers():
    html = a_letter(a_pick(a_paper("2512.00001", sources=("arxiv",)))).html
    assert "huggingface.co" not in html
    assert html.count("https://arxiv.org/abs/2512.00001") == 1


def test_a_paper_that_no_link_can_name_has_no_page_to_vote_on():
    letter = a_letter(a_pick(a_paper("漢字 9")))
    assert "Save" not in letter.html
    assert "feedback" not in letter.text.partition("Was this digest useful?")[0]


def test_an_id_that_no_address_can_hold_breaks_nothing():
    assert (
        "https://huggingface.co/papers/a%0A%3F\n"
        in a_letter(a_pick(a_paper("a\n\ud800", sources=("huggingface",)))).text
    )


@given(
    st.text(st.sampled_from("ab AB-s"), max_size=20),
    st.lists(st.text(st.sampled_from("ab A-s"), min_size=1, max_size=4).filter(str.strip), max_size=4),
)
def test_words_are_marked_where_one_expression_of_all_would_find_them(text, words):
    longest_first = sorted(set(words), key=lambda word: (-len(word), word))
    together = re.compile(rf"(?<!\w)(?:{'|'.join(map(lead.any_form, longest_first)) or '(?!)'})(?!\w)")
    reasons = [Reason("a topic", "abstract", tuple(words))]
    assert lead.marked(text, reasons) == runs(text, [found.span() for found in together.finditer(text)])
