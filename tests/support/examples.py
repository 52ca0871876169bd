"""How many examples of a rule are looked at: a quarter in each run of the suite, and all of them in `make deep`."""

import os

ALL = os.environ.get("EXAMPLES") == "all"
# The rest is found by the runs of many days: hypothesis draws others each time.
A_PART = 4


def some(number):
    return number if ALL else -(-number // A_PART)
