"""Which papers, for whom, in what order, and why. Pure: papers and profiles in, selections out.

`index` (over `postings`, `phrases`, `authors`, `duplicates`) finds, `scoring` and `rank` order, `explain` says why, and
`selection` joins what is found for one reader's topics; `forecasting` counts it, `suggestions` looks for more.
"""

from digest.match.explain import shares
from digest.match.forecasting import forecast
from digest.match.index import Index
from digest.match.selection import select
from digest.match.suggestions import suggest

__all__ = ["Index", "forecast", "select", "shares", "suggest"]
