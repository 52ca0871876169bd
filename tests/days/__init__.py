"""The quick tests on other days: none depends on the day, the weekday, the zone, or on clocks that change.

`python -m tests.days [NAME…]` runs them as if on each; libfaketime (Debian's `faketime`) moves the clock of every
process.
"""
