"""What is written once for many readers: each of them gets the mail that a composer with nothing in memory writes."""

from dataclasses import replace
from datetime import date

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from digest.compose import Composer
from digest.domain import Cadence, Order, Pick, Reason, Selection
from tests.emails import LETTERHEAD, a_delivery, listed_paper

WORDS = ("pruning", "agents", "author:Ada Lovelace", "<b>", "größe", "-survey")
NUMBERED = {f"2511.{number:05}": f"On pruning, {number}" for number in range(8)}
PAPERS = [listed_paper(id, title, listed_on=date(2025, 12, 22)) for id, title in NUMBERED.items()]
DAYS = (date(2025, 12, 20), date(2025, 12, 22))

topics = st.lists(st.sampled_from(WORDS), max_size=3, unique=True).map(tuple)
picks = st.lists(
    st.builds(
        Pick,
        st.sampled_from(PAPERS),
        st.just(1.0),
        st.sampled_from(WORDS[:3]).map(lambda word: (Reason(word, "title", (word,), ((3, 10),)),)),
    ),
    max_size=8,
    unique_by=lambda pick: pick.paper.id,
)
readers = st.fixed_dictionaries(
    {
        "id": st.integers(1, 10**9),
        "topics": topics,
        "cadence": st.sampled_from(Cadence),
        "pictures": st.booleans(),
        "timezone": st.sampled_from(("UTC", "Asia/Tokyo")),
    }
)
ways = st.fixed_dictionaries(
    {
        "listed": st.sampled_from((0, 143)),
        "days": st.sampled_from((None, DAYS)),
        "first": st.booleans(),
        "shared": st.booleans(),
        "most_bytes": st.sampled_from((25_000, 90_000)),
    }
)
orders = st.sampled_from(Order)
digests = st.tuples(picks, st.integers(0, 2), readers, orders, ways)


def written(composer, digest):
    picked, more, reader, order, way = digest
    delivery = a_delivery(**reader)
    wanted = replace(delivery.reader.preferences, order=order)
    delivery = replace(delivery, reader=replace(delivery.reader, preferences=wanted))
    return composer.digest(delivery, Selection(tuple(picked), more), **way)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(digests, min_size=1, max_size=6))
def test_a_mail_has_the_same_bytes_whoever_was_written_to_before(all_of_them):
    warm = Composer(LETTERHEAD)
    for _ in range(2):
        mails = [written(warm, digest) for digest in all_of_them]
    assert mails[-1] == written(Composer(LETTERHEAD), all_of_them[-1])
