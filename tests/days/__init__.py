"""The quick tests on other days: none depends on the day, the weekday, the zone, or on clocks that change.

`python -m tests.days [NAME…]` runs them as if on each. The zone holds for every process; the moment for those of pytest
alone, and not for databases and for programs that a test starts: libfaketime, which moves those too, hangs in tests of
the network.
"""
