"""What it takes to send: made once, in `bootstrap`, and handed to every round."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from digest.compose import Composer
from digest.domain import Selection
from digest.jobs.throttling import Throttles
from digest.match import Matcher
from digest.transport.smtp import Route

Clock = Callable[[], datetime]
Select = Callable[..., Selection]


class Busy(Exception):
    """Other workers hold all connections, and send what waits."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How long writing may take, in seconds: one mail, and all of a group until the first of them goes.

    A new index answers its first question in seconds, on a slow machine; a mail takes a millisecond after that.
    """

    a_mail: float = 10.0
    a_group: float = 60.0


@dataclass(frozen=True, slots=True)
class Dispatcher:
    """Who writes, which way it goes, the time, what is sent again, who chooses, how long that may take, who waits."""

    composer: Composer
    route: Route
    clock: Clock
    resend_uncertain: bool = True
    select: Select = Matcher.select
    limits: Limits = Limits()
    throttles: Throttles = field(default_factory=Throttles)
