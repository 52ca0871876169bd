"""How a reader comes to stand somewhere: by what happens to readers, and without the mail that belongs to it."""

from digest.domain import Status
from digest.readers import changes
from digest.readers.changes import Details
from digest.readers.life import Event
from digest.store.engine import writing
from tests.support.factories import NOW

HAPPENS = {
    Status.ACTIVE: Event.COME_BACK,
    Status.PAUSED: Event.PAUSE,
    Status.UNSUBSCRIBED: Event.LEAVE_BY_CLICK,
    Status.BOUNCED: Event.BOUNCE,
    Status.COMPLAINED: Event.COMPLAIN,
}


def becomes(engine, reader, status, now=NOW):
    """Let happen what makes an active reader this, or one who left active."""
    with writing(engine) as connection:
        changes.apply(connection, reader.id, HAPPENS[status], now, Details(quietly=True))
