"""From who is due to what became of it: plan → claim → draft → freeze → send → settle, each step in a file of its name.

`round` walks them for one group after another. The ledger is true whatever happens between two steps.
"""

from digest.jobs.delivery.dispatcher import Busy, Dispatcher, Limits
from digest.jobs.delivery.draft import QUIET_FOR, Draft
from digest.jobs.delivery.plan import dry_run, plan, sweep, tidy
from digest.jobs.delivery.round import GROUP, deliver
from digest.jobs.delivery.troubles import troubles

__all__ = [
    "GROUP", "QUIET_FOR", "Busy", "Dispatcher", "Draft", "Limits", "deliver", "dry_run", "plan", "sweep", "tidy",
    "troubles",
]  # fmt: skip
