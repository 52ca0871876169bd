"""Sets of papers as the bits of an int: joined and cut in one step, whatever their size."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import reduce
from operator import or_


def bits(numbers: Iterable[int]) -> int:
    """Write a set of numbers as the bits of an int."""
    found = 0
    for number in numbers:
        found |= 1 << number
    return found


def union(sets: Iterable[int]) -> int:
    """Join sets of bits."""
    return reduce(or_, sets, 0)


def numbers(found: int) -> Iterator[int]:
    """Yield the numbers in a set of bits, ascending."""
    while found:
        lowest = found & -found
        yield lowest.bit_length() - 1
        found ^= lowest
