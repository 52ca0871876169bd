"""A small run of what `python -m bench.growth` measures: no parser of ours takes longer than a text is long."""

import pytest

from bench.growth import seconds_of
from bench.hostile_texts import ROOMS, text

SIZE = 100_000
# What grows as the square of the text takes minutes at this size; what grows as the text, a second at most.
MOST_SECONDS = 5


@pytest.mark.parametrize(("room", "kind"), [(room, kind) for room in ROOMS for kind in ROOMS[room][1]])
def test_no_text_keeps_its_reader_busy(room, kind):
    assert seconds_of(ROOMS[room][2], text(room, kind, SIZE)) < MOST_SECONDS
