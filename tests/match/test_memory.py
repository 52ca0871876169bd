"""What is kept of what was worked out: what is asked for again, and never more than a bound."""

from digest.match.memory import KNOWN_FOR_EACH_KEPT, Memory, MemoryOfRepeats


def test_a_memory_that_is_full_begins_anew():
    memory = Memory(2)
    for key in "abc":
        assert memory.keep(key, key.upper()) == key.upper()
    assert memory == {"c": "C"}


def test_what_is_asked_for_once_is_not_kept_and_what_is_asked_for_again_is():
    memory = MemoryOfRepeats(3)
    for key in (1, 2, 1):
        assert memory.keep(key, str(key)) == str(key)
    assert memory == {1: "1"}


def test_however_many_were_asked_for_once_a_memory_of_repeats_is_no_larger_and_knows_the_last():
    memory = MemoryOfRepeats(3)
    numbers = range(10 * 3 * KNOWN_FOR_EACH_KEPT)
    for number in numbers:
        memory.keep(number, number)
    memory.keep(numbers[-1], numbers[-1])
    memory.keep(numbers[0], numbers[0])
    assert numbers[-1] in memory
    assert len(memory) <= 3
