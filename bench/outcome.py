"""What one run of the service came to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from digest.domain import State


@dataclass(frozen=True, slots=True)
class Outcome:
    """One run: how long, what became of it, what a worker occupied (MB), what workers and database worked (s)."""

    seconds: float
    states: Mapping[State, int]
    early: float
    late: float
    share: float
    worked: float
    stored: float

    @property
    def sent(self) -> int:
        return self.states.get(State.SENT, 0)

    @property
    def rate(self) -> float:
        return self.sent / self.seconds

    @property
    def effort(self) -> str:
        """Unlike the rate, hardly changed by what else the machine does."""
        workers, database = (each / self.sent * 1000 for each in (self.worked, self.stored))
        return f"{workers:.2f} ms in the workers and {database:.2f} ms in PostgreSQL"

    def __str__(self) -> str:
        account = ", ".join(f"{count:,} {state}" for state, count in self.states.items())
        memory = (
            f"a worker occupies {self.early:.0f} MB early and {self.late:.0f} MB late, its share of it {self.share:.0f}"
        )
        return f"{self.rate:,.0f} mails/s ({account} in {self.seconds:.1f} s; {memory})"
