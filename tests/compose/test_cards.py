"""What a card says of a paper."""

import re
from datetime import UTC, date, datetime

from digest.compose import opened
from digest.domain import Pick, Reason
from tests.emails import AWKWARD, DRAFT, LETTERHEAD, a_delivery, a_pick, listed_paper
from tests.support.composing import COMPOSER, Tags, a_letter, flat
from tests.support.factories import a_paper


def test_a_card_says_who_when_and_what_people_made_of_it():
    text, html = a_letter(a_pick(DRAFT)).text, flat(a_letter(a_pick(DRAFT)).html)
    for said in ("Grace Example, Chen Wei, Noor Sample + 2 · Example Lab", "Dec 23 · 62 upvotes · 4 comments"):
        assert said in text
        assert said in html


def test_a_date_outside_the_current_year_says_its_year():
    """As the Daily Papers page does; the current year is the reader's."""
    paper = listed_paper("2410.1", "Old", published_at=datetime(2024, 10, 1, tzinfo=UTC))
    new_year = datetime(2025, 12, 31, 23, tzinfo=UTC)
    assert "Oct 1, 2024" in a_letter(a_pick(paper)).text
    assert "Dec 23\n" in a_letter(a_pick(listed_paper("1", "New")), due_at=new_year).text
    assert "Dec 23, 2025" in a_letter(a_pick(listed_paper("1", "New")), due_at=new_year, timezone="Asia/Tokyo").text


def test_a_paper_without_a_date_takes_the_day_it_was_listed():
    assert "Dec 22" in a_letter(a_pick(published_at=None, listed_on=date(2025, 12, 22))).text


def test_nobody_is_told_of_no_upvotes():
    text = a_letter(a_pick(upvotes=0, comments=0)).text
    assert "upvote" not in text
    assert "comment" not in text


def test_an_author_the_reader_follows_is_named_however_many_there_are():
    paper = a_paper(authors=tuple(f"Author {n}" for n in range(664)))
    pick = Pick(paper, 1.0, (Reason("author:author 300", "author", ("author 300",)),))
    assert "Author 0, Author 1, Author 2, Author 300 + 660" in a_letter(pick).text


def test_matched_words_are_marked_in_title_and_abstract():
    html = a_letter(a_pick(title="On Small Models", abstract="Big models. We like small models.", topic="small")).html
    assert "</b>" not in html
    html = a_letter(a_pick(None, "small", title="small Models", abstract="We like small ones.")).html
    assert re.findall(r"<b [^>]*>(\w+)</b>", html) == ["small", "small"]


def test_an_excerpt_begins_with_the_sentence_that_matched():
    abstract = "Nothing here. " * 40 + "Then we prune, e.g. by hand. It helps. " + "Nothing there. " * 40
    html = a_letter(a_pick(None, "prune", title="A", abstract=abstract)).html
    text = a_letter(a_pick(None, "prune", title="A", abstract=abstract)).text
    assert "… Then we prune, e.g. by hand. It helps. Nothing there." in flat(text)
    assert ">prune</b>" in html


def test_a_match_deep_in_an_endless_sentence_is_still_shown():
    abstract = "and so on, " * 100 + "prune at last " + "and so on, " * 100
    assert ">prune</b>" in a_letter(a_pick(None, "prune", title="A", abstract=abstract)).html


def test_the_best_papers_are_told_in_full_and_the_others_in_a_sentence():
    abstract = "One sentence of some length stands here to be read. " * 20
    text = a_letter(*(a_pick(title=f"Paper {n}", abstract=abstract) for n in range(6))).text
    lengths = [len(flat(card)) for card in text.split("-" * 72)[1:7]]
    assert min(lengths[:5]) > 400
    assert lengths[5] < 300


def test_a_card_says_why_it_is_here_in_the_readers_words():
    def because(*topics):
        reasons = tuple(Reason(topic, field) for topic, field in topics)
        return re.search(r"Because[^/]*?(?=\nPaper)", a_letter(Pick(a_paper(), 1.0, reasons)).text)[0].replace(
            "\n", " "
        )

    assert because(("rag", "title"), ("rag", "abstract")) == "Because you follow *rag*"
    assert because(('"speculative decoding"', "title")) == "Because you follow *speculative decoding*"
    assert (
        because(('author:"Ada Lovelace"', "author"), ("rag", "title"))
        == "Because you follow the author *Ada Lovelace* and *rag*"
    )
    assert (
        because(("authorship", "title"), ("org:acme", "organization")) == "Because you follow *authorship* and *acme*"
    )
    assert (
        because(('(rag OR "dense retrieval") -survey', "title"))
        == 'Because you follow *(rag OR "dense retrieval") -survey*'
    )
    assert because(*((name, "title") for name in "abcdefg")) == "Because you follow *a*, *b*, *c*, *d*, *e* and 2 more"
    assert because(("", "trending")) == "Because it is trending"


def test_a_card_leads_wherever_the_paper_lives():
    text = a_letter(a_pick(DRAFT)).text
    assert re.findall(r"^(\w+) +(https://\S+)(.*)$", text.partition("\n\n---")[0], re.MULTILINE) == [
        ("Paper", "https://huggingface.co/papers/2512.00001", ""),
        ("arXiv", "https://arxiv.org/abs/2512.00001", ""),
        ("PDF", "https://arxiv.org/pdf/2512.00001", ""),
        ("Code", "https://github.com/example/draft", " (1,234 stars)"),
        ("Project", "https://draft.example.org/", ""),
        ("Discussion", "https://huggingface.co/papers/2512.00001#community", ""),
    ]


def test_a_title_leads_to_arxiv_when_the_paper_is_not_on_daily_papers():
    html = a_letter(a_pick(a_paper("2512.00001", sources=("arxiv",)))).html
    assert "huggingface.co" not in html
    assert html.count("https://arxiv.org/abs/2512.00001") == 1


def test_both_parts_state_the_same_links():
    letter = opened(COMPOSER.digest(a_delivery(), AWKWARD).content)
    in_text = set(re.findall(r"https?://\S+", letter.text))
    assert in_text == set(Tags(letter.html).addresses) - {LETTERHEAD.links.base_url}


def test_an_id_that_no_address_can_hold_breaks_nothing():
    assert (
        "https://huggingface.co/papers/a%0A%3F\n"
        in a_letter(a_pick(a_paper("a\n\ud800", sources=("huggingface",)))).text
    )
