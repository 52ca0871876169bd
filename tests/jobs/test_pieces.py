"""How long results wait for others to be written down with them."""

import pytest

from digest.domain import Result, State
from digest.jobs.delivery.pieces import LONGEST_WAIT_SECONDS, WORTH_A_STATEMENT, Pieces, pause
from digest.transport.smtp import AT_ONCE, MOST_UNWRITTEN


@pytest.mark.parametrize(
    ("worth", "gone", "waits"),
    [
        (0.020, 0.005, 0.015),
        # Writing took as long as it takes for as many to come.
        (0.020, 0.030, 0.0),
        # Of a slow relay, each result is written down soon.
        (60.0, 0.0, LONGEST_WAIT_SECONDS),
        (60.0, 1.0, 0.0),
        # Nothing is to come.
        (0.0, 0.0, 0.0),
    ],
)
def test_a_piece_waits_until_it_is_worth_a_statement_but_not_for_long(worth, gone, waits):
    assert pause(worth, gone) == pytest.approx(waits)


def test_every_result_is_handed_on_and_none_waits_for_more_than_may_wait():
    written = []
    pieces = Pieces(written.extend, 3)
    results = [Result(number, State.SENT) for number in range(3)]
    for piece in (results[:1], [], results[1:]):
        pieces(piece)
    assert written == results
    assert min(AT_ONCE, MOST_UNWRITTEN) >= WORTH_A_STATEMENT
