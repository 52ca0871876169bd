"""The service at a moment that a test moves on: a ledger, a composer, and a relay that misbehaves on request."""

from dataclasses import replace
from datetime import timedelta

from sqlalchemy import text

from digest import bootstrap
from digest.compose import opened
from digest.domain import Preferences
from digest.jobs import delivery
from digest.jobs.throttling import Throttles
from digest.settings import Settings
from digest.store import ledger, papers, readers
from digest.store.engine import reading, writing
from tests.support.factories import DAY, NOW, a_collection, a_listing, a_paper


class Service:
    """The service at a moment that a test moves on."""

    def __init__(self, engine, mail_server):
        self.engine, self.mail_server, self.now = engine, mail_server, NOW
        self.settings = {"smtp_connections": 2, "secret_key": "a key"}
        self.exchanged = {}
        # What one process remembers of who wants less; without a DNS.
        self.throttles = Throttles()

    def collects(self, *found, day=DAY, source="huggingface"):
        listings = [a_listing(paper, day=day, source=source, rank=rank) for rank, paper in enumerate(found, 1)]
        papers.keep(self.engine, listings, a_collection(source, day, at=self.now))
        self.now += timedelta(minutes=1)

    def admits(self, email, *topics, **preferences):
        return readers.admit(self.engine, email, Preferences(topics, **preferences), self.now)

    def sends(self):
        """Plan and deliver; the account of the round."""
        delivery.plan(self.engine, self.now)
        return self.delivers()

    def delivers(self):
        return dict(delivery.deliver(self.engine, self.post()))

    def post(self):
        """What it takes to send, on this service's clock; a test may exchange more of it."""
        post = bootstrap.post(Settings(smtp_url=self.mail_server.url, **self.settings))
        return replace(post, **{"clock": lambda: self.now, "throttles": self.throttles} | self.exchanged)

    def letters(self):
        """What arrived since the last look."""
        arrived, self.mail_server.mails = self.mail_server.mails, []
        return [opened(content) for _, content in arrived]

    def waiting(self):
        """What could be claimed within a day."""
        with reading(self.engine) as connection:
            return ledger.waiting_in(connection, self.now + timedelta(days=1))

    def of(self, email):
        """The deliveries to an address, in their order."""
        [reader] = [one for one in readers.everyone(self.engine) if one.email == email]
        return [ledger.find(self.engine, row["id"]) for row in ledger.rows_of(self.engine, reader.id)]

    def admits_many(self, count):
        """A paper, and so many readers it fits, who are due."""
        self.collects(a_paper(title="Speculative decoding"))
        for number in range(count):
            self.admits(f"reader{number}@example.org", "speculative decoding")

    def runs(self, statement, **values):
        """Change something behind the service's back."""
        with writing(self.engine) as connection:
            connection.execute(text(statement), values)
