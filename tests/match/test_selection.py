"""What a reader gets: order, spread, reasons, snippets, forecasts and suggestions."""

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.compose import marking
from digest.domain import Reason
from digest.match import Matcher
from digest.topics import parse
from tests.support.examples import some
from tests.support.factories import a_paper

LONG = " ".join(f"word{n}" for n in range(60))


def selected(papers, *topics, limit=10, seen=()):
    return Matcher(papers).select(parse(topics), limit=limit, seen=seen)


def ids(selection):
    return [pick.paper.id for pick in selection.picks]


def test_a_title_says_more_than_keywords_and_keywords_more_than_an_abstract():
    elsewhere = {"title": "Work at a distance", "abstract": "We use it daily.", "keywords": ("some thing",)}
    papers = [
        a_paper("abstract", **elsewhere | {"abstract": "We use speculative decoding."}),
        a_paper("title", **elsewhere | {"title": "Speculative Decoding at Work"}),
        a_paper("keywords", **elsewhere | {"keywords": ("speculative decoding",)}),
        a_paper("other", **elsewhere),
    ]
    assert ids(selected(papers, "speculative decoding")) == ["title", "keywords", "abstract"]


def test_a_phrase_as_written_comes_before_an_inflection_and_a_longer_name():
    papers = [
        a_paper("longer", title="x", abstract="A robot world model."),
        a_paper("inflected", title="x", abstract="Of world models."),
        a_paper("itself", title="x", abstract="A world model."),
    ]
    assert ids(selected(papers, "world model"))[0] == "itself"


def test_among_equals_the_one_that_trends_on_its_day_comes_first_and_then_the_lower_id():
    papers = [a_paper(id, abstract="On decoding.", upvotes=upvotes) for id, upvotes in [("c", 1), ("b", 1), ("d", 9)]]
    assert ids(selected(papers, "decoding")) == ["d", "b", "c"]
    assert ids(selected(papers[::-1], "decoding")) == ["d", "b", "c"]


def test_no_topics_mean_what_is_trending():
    papers = [a_paper(str(upvotes), upvotes=upvotes) for upvotes in (3, 20, 7)]
    selection = selected(papers, limit=2)
    assert ids(selection) == ["20", "7"]
    assert selection.more == 1
    assert selection.picks[0].reasons == (Reason("", "trending"),)


def test_exclusions_alone_leave_the_rest_of_what_is_trending():
    papers = [a_paper("video", title="A Video"), a_paper("image", title="An Image")]
    assert ids(selected(papers, "-video")) == ["image"]


def test_a_lone_exclusion_holds_for_every_topic():
    papers = [a_paper("1", title="Video agents"), a_paper("2", title="Agents"), a_paper("3", title="Image models")]
    assert set(ids(selected(papers, "agents", "-video", "image"))) == {"2", "3"}


def test_a_paper_already_sent_is_not_picked_again():
    papers = [a_paper("1", title="Agents"), a_paper("2", title="Agents too")]
    selection = selected(papers, "agents", seen=["1"])
    assert (ids(selection), selection.more) == (["2"], 0)


def test_a_near_duplicate_is_not_repeated_and_counts_as_seen():
    first = a_paper("1", title="On agents", abstract=f"Agents. {LONG}", upvotes=2)
    revised = a_paper("2", title="On agents, revised", abstract=f"Agents. {LONG} and more")
    assert ids(selected([first, revised], "agents")) == ["1"]
    assert ids(selected([first, revised], "agents", seen={"2"})) == []


def test_many_papers_with_the_same_few_words_are_no_duplicates_and_cost_little():
    papers = [a_paper(title=f"Agents of kind {n}", abstract="We study it. It works well.") for n in range(1_500)]
    assert len(selected(papers, "agents", limit=2_000).picks) == 1_500


def test_papers_without_an_abstract_are_told_apart_by_their_titles():
    papers = [
        a_paper(title="Agents", abstract=""),
        a_paper(title="Agents", abstract=""),
        a_paper(title="Agents, again"),
    ]
    assert len(selected(papers, "agents").picks) == 2


def test_papers_with_a_stock_sentence_in_common_are_not_duplicates():
    stock = "Code and data are available on our project page."
    papers = [a_paper(title=f"Agents of kind {n}", abstract=f"This is {n} of its kind. {stock}") for n in range(3)]
    assert len(selected(papers, "agents").picks) == 3


def test_a_broad_topic_does_not_push_out_a_narrow_one():
    broad = [a_paper(title=f"Language models {n}", abstract="Language models. " * 5, upvotes=90) for n in range(30)]
    narrow = a_paper("narrow", title="Proteins", abstract="They fold.", upvotes=0)
    other = [a_paper(title=f"Something else {n}") for n in range(30)]
    assert "narrow" in ids(selected([*broad, narrow, *other], "language models", "proteins", limit=3))


def test_a_weight_moves_a_topic_up():
    papers = [a_paper("1", title="Agents"), a_paper("2", title="Videos")]
    assert ids(selected(papers, "agents", "videos ^3")) == ["2", "1"]
    assert ids(selected(papers, "agents ^3", "videos")) == ["1", "2"]


def test_a_paper_that_fits_two_topics_comes_before_one_that_fits_one():
    papers = [a_paper("one", title="Video agents at work"), a_paper("both", title="Audio agents at work")]
    assert ids(selected(papers, "agents", "audio")) == ["both", "one"]


def test_how_many_more_there_were_is_known():
    selection = selected([a_paper(title=f"Agents {n}") for n in range(7)], "agents", limit=3)
    assert (len(selection.picks), selection.more) == (3, 4)


def test_a_short_digest_is_the_beginning_of_a_long_one():
    topics = ("agents", "agents | videos", "videos -images", "images ^2")
    kinds = ["agents", "videos", "images", "agents videos", "videos images"]
    papers = [a_paper(title=f"{kinds[n % 5]} {n}", abstract=kinds[n % 3] * (n % 4), upvotes=n % 7) for n in range(120)]
    matcher = Matcher(papers)
    whole = ids(matcher.select(parse(topics), limit=200))
    assert all(ids(matcher.select(parse(topics), limit=limit)) == whole[:limit] for limit in range(1, 30))


def test_reasons_say_which_words_matched_and_where_the_strongest_topic_first():
    paper = a_paper(
        title="Fine-Tuned Agents", abstract="Short. We finetune\nthem.", organization="Apple", authors=("Ada Wu",)
    )
    (pick,) = selected([paper], "author:A. Wu ^0.5", "fine-tuning ^9", "org:apple ^2").picks
    assert pick.reasons == (
        Reason("fine-tuning ^9", "title", ("Fine-Tuned",), ((0, 10),)),
        Reason("fine-tuning ^9", "abstract", ("finetune",), ((10, 18),)),
        Reason("org:apple ^2", "organization", ("Apple",)),
        Reason("author:A. Wu ^0.5", "author", ("Ada Wu",)),
    )


def test_the_order_of_the_topics_changes_nothing():
    papers = [a_paper(str(n), title=f"Agents {n}", abstract="Videos. " * (n % 3)) for n in range(9)]
    matcher = Matcher(papers)
    assert matcher.select(parse("agents\nvideos"), limit=5) == matcher.select(parse("videos\nagents"), limit=5)


def test_a_topic_written_twice_counts_once():
    papers = [a_paper("1", title="Agents"), a_paper("2", title="Videos")]
    assert selected(papers, "agents", "agents", "videos") == selected(papers, "agents", "videos")


def test_a_topic_that_finds_nothing_does_not_mean_what_is_trending():
    assert ids(selected([a_paper(title="Agents")], "no such thing")) == []
    assert ids(selected([a_paper(title="Agents")], "no such thing", "-video")) == []


def test_the_shares_of_the_topics_add_up_to_the_score():
    papers = [a_paper("1", title="Video agents"), a_paper("2", title="Agents", abstract="A video."), a_paper("3")]
    matcher, profile = Matcher(papers), parse("video\nagents ^3")
    for pick in matcher.select(profile, limit=9).picks:
        parts = matcher.explain(profile, pick)
        assert sum(part.score for part in parts) == pytest.approx(pick.score)
        assert [part.topic for part in parts] == ["agents ^3", "video"]
    assert [(part.place, part.of) for part in parts] == [(2, 2), (2, 2)]


def test_what_is_unwanted_is_no_reason():
    (pick,) = selected([a_paper(title="Image agents", abstract="")], "agents -video").picks
    assert pick.reasons == (Reason("agents -video", "title", ("agents",), ((6, 12),)),)


def test_spans_that_overlap_are_joined():
    (pick,) = selected([a_paper(title="Large language models", abstract="")], "large language + language model").picks
    assert pick.reasons[0].spans == ((0, 21),)


def test_the_snippet_is_the_sentence_that_matched():
    abstract = "We begin, e.g. Like this. Here agents act. And we end."
    (pick,) = selected([a_paper(abstract=abstract)], "agents").picks
    assert abstract[slice(*pick.snippet)] == "Here agents act."


def test_the_snippet_of_a_match_elsewhere_is_the_first_sentence():
    paper = a_paper(title="Agents", abstract="First. Second.")
    assert selected([paper], "agents").picks[0].snippet == (0, 6)
    assert selected([a_paper(title="Agents", abstract="")], "agents").picks[0].snippet == (0, 0)


def test_two_papers_with_one_id_are_one():
    assert len(selected([a_paper("1", title="Agents"), a_paper("1", title="Agents")], "agents").picks) == 1


def test_an_empty_window_gives_an_empty_selection():
    assert ids(selected([], "agents")) == ids(selected([])) == []


def test_a_forecast_is_papers_a_day():
    days = [date(2025, 12, 22), date(2025, 12, 23)]
    titles = ("Agents a", "Agents b", "Video agents", "x")
    papers = [a_paper(title=f"{title} {day}", listed_on=day) for day in days for title in titles]
    assert Matcher(papers).forecast(parse("agents\n-video"), len(days)) == 2
    assert Matcher(papers).forecast(parse(""), len(days)) == 4
    assert Matcher([]).forecast(parse("agents"), 0) == 0


def test_suggestions_go_with_the_papers_found():
    papers = [a_paper(title=f"RAG {n}", abstract="With external knowledge. And LoRA.") for n in range(4)]
    papers += [a_paper(title=f"Video {n}", abstract="With LoRA.") for n in range(8)]
    assert Matcher(papers).suggest(parse("RAG")) == ("external knowledge",)
    assert Matcher(papers).suggest(parse("")) == ()


def test_pieces_of_addresses_and_the_language_of_papers_are_not_suggested():
    said = (
        "See our-group.github.io/marsh-birds or https://hf.co/marsh/birds. Extensive experiments show superior results"
    )
    papers = [a_paper(title=f"RAG {n}", abstract=f"{said} between {n}. Over time, via RAG.") for n in range(4)]
    papers += [a_paper(title=f"Video {n}", abstract=f"A video, number {n}.") for n in range(8)]
    assert Matcher(papers).suggest(parse("RAG")) == ()


def test_an_endless_word_costs_no_time_to_suggest_from():
    papers = [a_paper(title=f"RAG {n}", abstract=("x." * 9_999) + str(n)) for n in range(3)]
    assert Matcher(papers).suggest(parse("RAG")) == ()


FILLERS = st.sampled_from(
    [
        "本研究では、評価と改善を試みる。",
        "(a) We do so at length. ",
        "α is small ",
        "As J. Smith et al. Say. ",
        "x" * 300 + " ",
    ]
)


@settings(max_examples=some(200), deadline=None)
@given(st.lists(FILLERS, max_size=60), st.lists(FILLERS, max_size=20), st.sampled_from([180, 420]))
def test_an_abstract_that_matches_shows_where_however_long_its_sentences(before, after, most):
    abstract = " ".join(f"{''.join(before)} we use diffusion models 。{''.join(after)}".split())
    [pick] = selected([a_paper(title="Marsh birds", abstract=abstract)], '"diffusion models"').picks
    begin, end = pick.snippet
    assert "diffusion models" in abstract[begin:end]
    runs = marking.excerpt(pick, most)
    assert "diffusion models" in [run.text for run in runs if run.marked]
    assert len("".join(run.text for run in runs)) <= most + len("… ")
