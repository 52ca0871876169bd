"""What is near what a reader follows: apart from the picks, with a reason, and never counted among them."""

from digest.domain import Reason
from digest.match import Matcher
from digest.topics import parse
from tests.support.factories import a_paper

DRAFTS = "A draft model guesses tokens and verification by the target accepts them"


def papers():
    found = [
        a_paper(f"with{n}", title=f"Speculative decoding {n}", abstract=f"{DRAFTS}, kind {n}.", upvotes=n)
        for n in range(4)
    ]
    found += [a_paper("without", title="Faster generation", abstract=f"{DRAFTS}, a bit later.")]
    found += [
        a_paper(f"other{n}", title=f"Proteins {n}", abstract=f"How proteins fold in water number {n}.")
        for n in range(50)
    ]
    return found


def ids(picks):
    return [pick.paper.id for pick in picks]


def test_a_paper_without_the_words_is_related_and_not_picked():
    selection = Matcher(papers()).select(parse("speculative decoding"), limit=10, related=2)
    assert "without" not in ids(selection.picks)
    assert ids(selection.related) == ["without"]
    assert selection.more == 0
    (reason,) = selection.related[0].reasons
    assert (reason.topic, reason.field) == ("speculative decoding", "related")
    assert len(reason.words) == 2
    assert not {"speculative", "decoding"} & {word for words in reason.words for word in words.split()}


def test_nothing_is_related_unless_asked_for_or_where_the_digest_is_full():
    matcher, profile = Matcher(papers()), parse("speculative decoding")
    assert matcher.select(profile, limit=10).related == ()
    assert matcher.select(profile, limit=4, related=2).related == ()


def test_what_is_unwanted_or_was_had_is_not_related():
    matcher = Matcher(papers())
    assert matcher.select(parse("speculative decoding\n-faster"), limit=10, related=2).related == ()
    assert matcher.select(parse("speculative decoding"), limit=10, related=2, seen={"without"}).related == ()


def test_an_archive_says_what_a_topic_is_about_when_the_day_does_not():
    archive = Matcher(papers())
    today = [a_paper("new", title="Quicker generation", abstract=f"{DRAFTS}, today."), *papers()[-3:]]
    assert ids(Matcher(today, archive=archive).select(parse("speculative decoding"), limit=9, related=2).related) == [
        "new"
    ]
    assert Matcher(today).select(parse("speculative decoding"), limit=9, related=2).related == ()


def test_what_too_many_papers_have_in_common_is_no_reason():
    """Of as few papers nobody can say what sets them apart; the day alone says less than the archive."""
    few = [*papers()[:5], *papers()[-9:]]
    assert Matcher(few).select(parse("speculative decoding"), limit=9, related=2).related == ()
    many = [*papers(), *(a_paper(f"d{n}", title=f"Draft {n}", abstract=f"{DRAFTS} {n}.") for n in range(60))]
    today = Matcher(few, archive=Matcher(many))
    assert today.select(parse("speculative decoding"), limit=9, related=2).related == ()


def test_neighbours_follow_the_matches_the_nearest_first():
    found = Matcher(papers()).neighbours(parse("speculative decoding"), 5)
    assert ids(found)[:1] == ["without"]
    assert not any(id.startswith("with") and id != "without" for id in ids(found))


def test_papers_related_to_a_paper_are_others():
    matcher = Matcher(papers())
    assert {id[:4] for id in ids(matcher.related("with1", 4))} == {"with"}
    assert "with1" not in ids(matcher.related("with1", 9))
    assert matcher.related("unknown", 4) == ()


def test_few_or_odd_papers_have_nothing_related_and_raise_nothing():
    for few in ([], [a_paper("1", title="Agents", abstract="")], [a_paper("1", title="", abstract="")]):
        matcher = Matcher(few)
        assert matcher.neighbours(parse("agents"), 5) == matcher.related("1", 5) == ()
        assert matcher.select(parse("agents"), limit=5, related=2).related == ()
        assert matcher.propose(few).labs == ()


def test_what_sets_a_paper_apart_leaves_out_what_is_followed():
    matcher = Matcher(papers()[1:])
    terms = matcher.distinguishing_terms(papers()[0], parse("speculative decoding"))
    assert "speculative decoding" not in terms
    assert "speculative decoding" in matcher.distinguishing_terms(papers()[0], parse(""), 9)


def test_papers_one_likes_propose_topics_people_and_labs_with_what_they_bring():
    def by(paper, *authors):
        return a_paper(
            paper, title=f"Marsh birds {paper}", abstract="In marshes.", authors=authors, organization="Fen Lab"
        )

    archive = [by("1", "Ada Wu", "Bo Li"), by("2", "Ada Wu"), by("3", 'Eve ", | Mal'), *papers()]
    found = Matcher(archive).propose(archive[:1])
    assert [(one.line, one.liked, one.papers) for one in found.topics] == [("marsh birds", 1, 3)]
    assert [(one.line, one.papers) for one in found.authors] == [('author:"Ada Wu"', 2)]
    assert [(one.line, one.papers) for one in found.labs] == [('org:"Fen Lab"', 3)]
    assert Matcher(archive).propose([]).topics == ()


def test_votes_move_the_order_a_little_and_never_choose():
    found = [a_paper(str(n), title=f"Agents {n}", abstract=("By tree search." if n == 2 else "")) for n in range(4)]
    matcher, profile = Matcher(found), parse("agents")
    plain = matcher.select(profile, limit=3)
    voted = matcher.select(profile, limit=3, votes={"tree search": 2, "nowhere": 9, '"': 5})
    assert sorted(ids(plain.picks)) == sorted(ids(voted.picks))
    liked = next(pick for pick in voted.picks if pick.paper.id == "2")
    assert liked.reasons[-1] == Reason("", "liked", ("tree search",), count=2)
    against = matcher.select(profile, limit=3, votes={"tree search": -50})
    assert sorted(ids(against.picks)) == sorted(ids(plain.picks))
    assert ids(against.picks)[-1] == "2"
    # And the next reader, who did not vote, sees what they would have seen.
    assert matcher.select(profile, limit=3) == plain
