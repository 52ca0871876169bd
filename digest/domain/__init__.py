"""The nouns of the service, as frozen values. Standard library only.

Every `datetime` is aware and in UTC; every `date` is the day a source put on its list.
"""

from digest.domain.breakers import Breaker
from digest.domain.collections import CollectionRun, Outcome
from digest.domain.deliveries import ASKING, Delivery, Kind, Mail, Result, Run, SetAside, State
from digest.domain.papers import Listing, Paper
from digest.domain.picks import DISLIKED, LIKED, NOTHING_ELSE, RELATED, Beside, Pick, Quiet, Reason, Selection
from digest.domain.readers import Cadence, Mute, Order, Preferences, Reader, Status
from digest.domain.verdicts import Verdict, VerdictKind
from digest.domain.windows import EPOCH, INSTANT, Window

__all__ = [
    "ASKING",
    "DISLIKED",
    "EPOCH",
    "INSTANT",
    "LIKED",
    "NOTHING_ELSE",
    "RELATED",
    "Beside",
    "Breaker",
    "Cadence",
    "CollectionRun",
    "Delivery",
    "Kind",
    "Listing",
    "Mail",
    "Mute",
    "Order",
    "Outcome",
    "Paper",
    "Pick",
    "Preferences",
    "Quiet",
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
