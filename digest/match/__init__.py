"""Which papers, for whom, in what order, and why: papers and profiles in, selections out.

`Matcher` holds an `Index` (over `postings`, `authors`, `duplicates`, `liking`: built once, never changed) and all that
is remembered. `lookups` (over `phrases`) finds, `scoring` and `rank` order, `selection` joins what is found for one
reader's topics, `reasons` and `explain` say why; `forecasting` counts it, `suggestions` looks for more.
"""

from digest.domain import Order
from digest.match.explain import Share
from digest.match.forecasting import DAYS
from digest.match.matcher import Matcher

__all__ = ["DAYS", "Matcher", "Order", "Share"]
