"""Which papers, for whom, in what order, and why. Pure: papers and profiles in, selections out.

`index` (over `postings`, `phrases`, `authors`, `duplicates`) finds, `scoring` and `rank` order, `explain` says why, and
`select` joins what is found for one reader's topics; `forecast` counts it, and `suggest` looks for more of the kind.
"""

from digest.match.forecast import forecast
from digest.match.index import Index
from digest.match.select import select
from digest.match.suggest import suggest

__all__ = ["Index", "forecast", "select", "suggest"]
