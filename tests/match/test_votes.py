"""Votes on words move picks by a few places, and never bring or hide one."""

from hypothesis import given, settings
from hypothesis import strategies as st

from digest.domain import LIKED, Order, Pick
from digest.match import Matcher
from digest.match.votes import ENOUGH, MOST_PLACES, MOST_WORDS, counted, nudged
from digest.topics import parse
from tests.support.examples import some
from tests.support.factories import a_paper

WORDS = ("tree search", "games", "proteins")
PICKS = [Pick(a_paper(str(number)), 10 - number, ()) for number in range(10)]


@settings(max_examples=some(60))
@given(
    st.dictionaries(st.sampled_from(WORDS), st.integers(-9, 9)),
    st.lists(st.sets(st.sampled_from(WORDS)), min_size=10, max_size=10),
)
def test_votes_move_a_paper_by_a_few_places_and_bring_or_hide_none(votes, words):
    asked = counted(votes)
    about = {pick.paper.id: sorted(said & asked.keys()) for pick, said in zip(PICKS, words, strict=True)}
    after = [pick.paper.id for pick in nudged(PICKS, asked, about)]
    assert sorted(after) == [pick.paper.id for pick in PICKS]
    for pick in PICKS:
        if not about[pick.paper.id]:
            continue
        alone = nudged(PICKS, asked, {id: about[id] if id == pick.paper.id else [] for id in about})
        moved = int(pick.paper.id) - [one.paper.id for one in alone].index(pick.paper.id)
        assert abs(moved) <= MOST_PLACES
        assert moved * sum(asked[word] for word in about[pick.paper.id]) >= 0


def test_one_vote_is_one_place():
    after = nudged(PICKS, {"games": 1}, {pick.paper.id: ["games"] if pick.paper.id == "4" else [] for pick in PICKS})
    assert [pick.paper.id for pick in after] == list("0124356789")
    assert [reason.field for reason in after[3].reasons] == [LIKED]


def test_what_counts_is_bounded_and_counted_again_the_same():
    many = {f"word {number}": number - 30 for number in range(60)}
    once = counted(many)
    assert len(once) == MOST_WORDS
    assert set(map(abs, once.values())) == {ENOUGH}
    assert list(counted(once)) == list(once)


def test_votes_leave_an_order_of_the_readers_own_alone():
    matcher = Matcher([a_paper(str(n), title=f"Agents and {'games' if n else 'tides'}", upvotes=9 - n) for n in (0, 1)])
    for order, first in ((Order.MIXED, "1"), (Order.LIKED, "0"), (Order.BEST, "0")):
        picks = matcher.select(parse("agents"), limit=5, order=order, votes={"games": 3}).picks
        assert picks[0].paper.id == first
