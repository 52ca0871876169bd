"""Which papers, for whom, in what order, and why. Pure: papers and profiles in, selections out."""

from digest.match.index import Index
from digest.match.select import select

__all__ = ["Index", "select"]
