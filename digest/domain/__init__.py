"""The nouns of the service, as frozen values. Standard library only.

Every `datetime` is aware and in UTC; every `date` is the day a source put on its list.
"""

from digest.domain.breakers import Breaker
from digest.domain.collections import CollectionRun, Outcome
from digest.domain.deliveries import ASKING, Delivery, Kind, Mail, Result, Run, SetAside, State
from digest.domain.papers import Listing, Paper
from digest.domain.picks import Pick, Reason, Selection
from digest.domain.readers import Cadence, Order, Preferences, Reader, Status
from digest.domain.verdicts import Verdict, VerdictKind
from digest.domain.windows import EPOCH, INSTANT, Window

__all__ = [
    "ASKING",
    "EPOCH",
    "INSTANT",
    "Breaker",
    "Cadence",
    "CollectionRun",
    "Delivery",
    "Kind",
    "Listing",
    "Mail",
    "Order",
    "Outcome",
    "Paper",
    "Pick",
    "Preferences",
    "Reader",
    "Reason",
    "Result",
    "Run",
    "Selection",
    "SetAside",
    "State",
    "Status",
    "Verdict",
    "VerdictKind",
    "Window",
]
