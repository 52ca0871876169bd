from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.domain import CollectionRun, Outcome
from digest.sources import by_name
from digest.sources.freshness import LONGEST_REST, days_to_look_at, judge, rests_until
from tests.support.factories import NOW
from tests.support.realdata import huggingface_days

HUGGINGFACE, ARXIV = by_name("huggingface"), by_name("arxiv")
TODAY = NOW.date()  # a Wednesday
DAY = timedelta(days=1)


def look(day, papers=20, outcome=Outcome.OK, at=None):
    """A look at a day; on the evening after it, unless said otherwise."""
    at = at or datetime.combine(day + DAY, NOW.time(), UTC)
    return CollectionRun("huggingface", day, "api", papers, 0.5, outcome, "", at)


def weeks_before(day, *papers):
    return [look(day - 7 * DAY * n, each) for n, each in enumerate(papers, 1)]


def judged(count, history=(), day=TODAY, now=NOW, problem=""):
    return judge(count, problem, day, history, HUGGINGFACE, now)


def test_a_problem_is_a_failure_and_its_own_reason():
    assert judged(0, problem="api: HTTP 500") == (Outcome.FAILED, "api: HTTP 500")


def test_a_usual_day_is_believed():
    assert judged(18, weeks_before(TODAY, 20, 22, 16)) == (Outcome.OK, "")


@pytest.mark.parametrize("count", [0, 1, 4])
def test_far_fewer_than_the_same_weekdays_had_is_suspicious(count):
    outcome, note = judged(count, weeks_before(TODAY, 20, 22, 16, 90, 20))
    assert outcome is Outcome.SUSPICIOUS
    assert note == f"{count or 'no'} paper{'' if count == 1 else 's'} on a Wednesday, where 20 are usual"


def test_other_weekdays_and_later_weeks_do_not_count():
    history = [look(TODAY - n * DAY, 90) for n in (1, 2, 5, 6)] + [look(TODAY + 7 * DAY, 90)]
    assert judged(3, history)[0] is Outcome.OK


def test_the_best_look_at_a_day_counts():
    history = [look(TODAY - 7 * DAY, 1), look(TODAY - 7 * DAY, 20), look(TODAY - 7 * DAY, 0, Outcome.FAILED)]
    assert judged(3, history)[0] is Outcome.SUSPICIOUS


def test_only_the_last_weeks_count():
    assert judged(5, weeks_before(TODAY, *[8] * 6, *[90] * 10))[0] is Outcome.OK


def test_a_list_that_shrinks_is_suspicious():
    assert judged(4, [look(TODAY, 20)])[0] is Outcome.SUSPICIOUS


def test_an_empty_weekday_is_suspicious_even_when_nothing_is_known():
    assert judged(0) == (Outcome.SUSPICIOUS, "no papers on a Wednesday")
    assert judged(1) == (Outcome.OK, "")


@pytest.mark.parametrize("day", [date(2025, 12, 20), date(2025, 12, 21)])
def test_an_empty_weekend_is_the_truth(day):
    assert judged(0, weeks_before(day, 0, 0), day) == (Outcome.OK, "")


def test_the_first_hours_of_a_day_may_be_thin():
    early, later = NOW.replace(hour=3), NOW.replace(hour=7)
    history = weeks_before(TODAY, 20, 20)
    assert judged(1, history, now=early) == (
        Outcome.OK,
        "1 paper on a Wednesday, where 20 are usual; the day is still filling",
    )
    assert judged(1, history, now=later)[0] is Outcome.SUSPICIOUS


def days(history, now=NOW, source=HUGGINGFACE):
    return [str(day)[5:] for day in days_to_look_at(source, history, now)]


@pytest.mark.parametrize(
    ("now", "looked_at"),
    [
        (NOW, ["12-23", "12-24"]),
        (NOW - 3 * DAY, ["12-19", "12-20", "12-21"]),
        (NOW - 2 * DAY, ["12-19", "12-20", "12-21", "12-22"]),
    ],
)
def test_the_first_look_reaches_back_to_the_last_list_there_was(now, looked_at):
    assert days([], now) == looked_at


def running(since=20, until=TODAY):
    """A service that has looked at every day on the evening after it."""
    return [look(until - n * DAY, 0 if (until - n * DAY).weekday() >= 5 else 20) for n in range(since, -1, -1)]


def test_today_and_the_young_days_are_looked_at_again_but_no_empty_weekend():
    assert days(running(until=TODAY - DAY)) == ["12-22", "12-23", "12-24"]


def test_a_day_without_a_good_look_is_looked_at_until_it_has_one():
    bad = [look(date(2025, 12, 12), 1, Outcome.SUSPICIOUS), look(date(2025, 12, 16), 0, Outcome.FAILED)]
    history = running(until=TODAY - DAY) + bad
    assert days(history)[:3] == ["12-12", "12-16", "12-22"]
    assert days([*history, look(bad[0].day, at=NOW)])[:2] == ["12-16", "12-22"]
    assert days(history, NOW + 3 * DAY)[0] == "12-16"


def test_a_failed_weekend_is_looked_at_again():
    failed = look(date(2025, 12, 20), 0, Outcome.FAILED, NOW)
    assert "12-20" in days([*running(until=TODAY - DAY), failed])


def test_the_days_the_service_was_down_are_made_up_for():
    history = running(until=TODAY - 8 * DAY)
    assert days(history) == [f"12-{n}" for n in range(17, 25)]
    assert days(history, NOW + 30 * DAY)[0] == "01-09"


def test_a_day_only_seen_while_it_was_filling_is_looked_at_again():
    early = look(TODAY - 6 * DAY, 2, at=NOW - 6 * DAY)
    history = [each for each in running(until=TODAY - DAY) if each.day != early.day]
    assert days([*history, early])[0] == "12-18"


def test_no_day_before_the_service_began_is_news():
    assert days([look(TODAY, at=NOW), look(TODAY - DAY, at=NOW)]) == ["12-23", "12-24"]
    backfilled = [look(date(2025, 12, 1) + n * DAY, at=NOW) for n in range(5)]
    assert days(backfilled) == ["12-23", "12-24"]


@pytest.mark.parametrize(
    ("now", "day"),
    [
        (datetime(2025, 12, 24, 18, tzinfo=UTC), ["12-24"]),
        (datetime(2025, 12, 24, 4, 59, tzinfo=UTC), ["12-23"]),
        (datetime(2025, 8, 20, 4, 1, tzinfo=UTC), ["08-20"]),
        (datetime(2025, 12, 20, 18, tzinfo=UTC), []),
    ],
)
def test_a_source_that_cannot_look_back_is_asked_for_its_own_today(now, day):
    source = replace(ARXIV, looks_back=False)
    assert days([], now, source) == day
    assert days(running(), now, source) == day


def test_a_day_whose_figures_do_not_change_is_not_looked_at_again():
    day = look(TODAY - DAY, at=datetime(2025, 12, 23, 18, tzinfo=UTC))
    assert days([look(date(2025, 12, 22)), day], source=ARXIV) == ["12-24"]
    empty = look(TODAY - DAY, 0, at=datetime(2025, 12, 23, 18, tzinfo=UTC))
    assert days([look(date(2025, 12, 22)), empty], source=ARXIV) == ["12-23", "12-24"]


def refusals(count, note="HTTP 429"):
    return [replace(look(TODAY, 0, Outcome.FAILED, NOW + n * DAY / 24), note=note) for n in range(count)]


def test_a_source_that_asks_for_patience_is_left_alone_and_longer_each_time():
    assert rests_until([look(TODAY)]) is None
    assert rests_until([*refusals(3), look(TODAY)]) is None
    assert rests_until(refusals(1)) == NOW + timedelta(minutes=10)
    assert rests_until(refusals(1, "feed: HTTP 406; api: HTTP 429, come back in 3600 s")) == NOW + timedelta(hours=1)
    assert rests_until(refusals(3)) == NOW + timedelta(hours=2, minutes=40)
    assert rests_until(refusals(1, f"HTTP 429, come back in {10**9 - 1} s")) == NOW + LONGEST_REST
    assert rests_until(refusals(40)) == NOW + timedelta(hours=39) + LONGEST_REST
    assert rests_until(refusals(2, "HTTP 500")) is None


collections = st.lists(
    st.builds(
        look,
        st.dates(date(2025, 11, 1), date(2026, 1, 15)),
        st.integers(0, 50),
        st.sampled_from(Outcome),
        st.datetimes(datetime(2025, 11, 1), datetime(2026, 1, 15), timezones=st.just(UTC)),
    )
)


@given(collections, st.integers(0, 200), st.dates(date(2025, 11, 1), date(2026, 1, 15)))
def test_whatever_happened_the_days_are_few_in_order_and_none_is_in_the_future(history, count, day):
    looked_at = days_to_look_at(HUGGINGFACE, history, NOW)
    assert looked_at == sorted(set(looked_at))
    assert looked_at[0] >= TODAY - 14 * DAY
    assert looked_at[-1] == TODAY
    assert judged(count, history, day)[0] in (Outcome.OK, Outcome.SUSPICIOUS)


@pytest.mark.realdata
def test_no_real_day_is_suspected_and_a_cut_off_one_is():
    history = []
    for day, records in huggingface_days().items():
        evening = datetime.combine(day, NOW.time(), UTC)
        assert judged(len(records), history, day, evening)[0] is Outcome.OK
        if len(history) > 10:
            assert judged(1, history, day, evening)[0] is Outcome.SUSPICIOUS
        history.append(look(day, len(records)))
