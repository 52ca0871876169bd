"""One connection to a relay: what it has carried, and what is to go on it next."""

from __future__ import annotations

from dataclasses import dataclass

from aiosmtplib import SMTPResponseException

from digest.domain import Mail
from digest.transport.ahead import Ahead, is_about_order
from digest.transport.relay import Relay
from digest.transport.senders import Reply, Session


class Gone(Exception):
    """A mail was not begun on this connection, and that is nobody's fault: it goes first on another."""


@dataclass(slots=True)
class Line:
    """A connection, and how many mails it has carried."""

    relay: Relay
    session: Session
    ahead: Ahead
    mails: int = 0
    # The mail whose envelope went ahead, along with the data of the one before: it is the next one, here or elsewhere.
    following: Mail | None = None
    # It was idle between two groups, and has carried nothing since: who is at the other end may have gone.
    has_rested: bool = False
    used_at: float = 0.0
    _has_answered: bool = False

    @property
    def name(self) -> str:
        return str(self.relay)

    async def send_envelope(self, mail: Mail) -> None:
        """As the session does.

        Raises Gone where it has rested and was closed meanwhile, or says that it will be; and where the envelope went
        ahead and found no answer, or none that it would find elsewhere.
        """
        rested, self.has_rested, self._has_answered = self.has_rested, False, False
        went_ahead, self.following = self.following is not None, None
        try:
            await self.session.send_envelope(mail)
        except (SMTPResponseException, ConnectionError, TimeoutError) as error:
            if went_ahead:
                self._judge(error)
            if rested and (isinstance(error, ConnectionError) or getattr(error, "code", 0) == 421):
                raise Gone from error
            raise
        except BaseException:
            # It was not said, as it cannot be, or we are told to stop.
            if went_ahead:
                self.ahead.forget(self.relay)
            raise
        if went_ahead:
            self.ahead.went(self.relay)

    async def send_data(self, mail: Mail) -> Reply:
        """As the session does, and the next envelope with it. Raises Gone where that is what is refused."""
        self._has_answered = False
        try:
            reply = await self.session.send_data(mail.content, self.following)
        except SMTPResponseException as error:
            if error.code == 421:
                raise
            if self.following and is_about_order(error):
                self.ahead.failed(self.relay, error)
                raise Gone from error
            self._has_answered = True
            raise
        except (ConnectionError, TimeoutError) as error:
            if self.following:
                self.ahead.failed(self.relay, error)
            raise
        self._has_answered = True
        return reply

    def take_following(self) -> Mail | None:
        """What went ahead and is not to go on here; the relay may wait for its data, so nothing else may either."""
        following, self.following = self.following, None
        if following and self._has_answered and not self.session.is_open:
            # It took the one mail, and what came behind it was too much.
            self.ahead.failed(self.relay, ConnectionError())
        elif following:
            self.ahead.forget(self.relay)
            self.session.close()
        return following

    def _judge(self, error: Exception) -> None:
        """Note what was said to an envelope that went ahead; raises Gone where it had better not."""
        if is_about_order(error):
            self.ahead.failed(self.relay, error)
            raise Gone from error
        self.ahead.went(self.relay)
