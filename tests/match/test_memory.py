"""What is kept of what was worked out: what is asked for again, and never more than a bound."""

from digest.match.memory import Memory, MemoryOfRepeats


def test_a_memory_that_is_full_begins_anew():
    memory = Memory(2)
    for key in "abc":
        assert memory.keep(key, key.upper()) == key.upper()
    assert memory == {"c": "C"}


def test_what_is_asked_for_once_is_not_kept_and_what_is_asked_for_again_is():
    memory = MemoryOfRepeats(3)
    for key in ("a", "b", "a"):
        assert memory.keep(key, key.upper()) == key.upper()
    assert memory == {"a": "A"}


def test_of_what_was_asked_for_once_no_more_is_known_than_may_be_kept():
    memory = MemoryOfRepeats(3)
    for number in range(4):
        memory.keep(number, number)
    memory.keep(0, 0)
    assert memory == {}, "the first was forgotten with the others"
