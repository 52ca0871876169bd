"""Somebody who visits the endpoint, and what they find: the words the tests of the web speak."""

import asyncio

import httpx
from sqlalchemy import inspect, select

from digest.domain import Cadence, Preferences, Status
from digest.links import Links
from digest.settings import Settings
from digest.store import ledger, readers
from digest.store.tables import metadata
from digest.web import create_app
from tests.support.factories import NOW
from tests.support.lives import becomes

BASE = "https://papers.example.org"
LINKS = Links(BASE, ["a key"])
CHOSEN = Preferences(("speculative decoding",), Cadence.WEEKDAYS, 6, "Europe/Berlin", 5)


class Visitor:
    """Somebody who sends requests: no cookies, no redirects followed."""

    def __init__(self, app, host="192.0.2.1"):
        self.app, self.host = app, host

    def send(self, method, url, **request):
        async def send():
            transport = httpx.ASGITransport(self.app, raise_app_exceptions=False, client=(self.host, 4000))
            async with httpx.AsyncClient(transport=transport, base_url=BASE) as client:
                return await client.request(method, url, **request)

        return asyncio.run(send())

    def get(self, url, **request):
        return self.send("GET", url, **request)

    def post(self, url, **request):
        return self.send("POST", url, **request)


def a_visitor(engine, host="192.0.2.1", **given):
    """Somebody from a network of their own, without a broker that could count them."""
    return Visitor(create_app(the_settings(**given), engine), host)


def the_settings(**given):
    nowhere = {"broker_url": "redis://127.0.0.1:1/0", "postal_address": "1 Example Street"}
    return Settings(**nowhere | {"base_url": BASE, "secret_key": "a key", "now": NOW} | given)


def a_subscriber(engine, status=Status.ACTIVE, email="ada@example.org"):
    if status in (Status.ACTIVE, Status.PENDING):
        return readers.admit(engine, email, CHOSEN, NOW, status)
    reader = readers.admit(engine, email, CHOSEN, NOW)
    becomes(engine, reader, status)
    return readers.find(engine, reader.id)


def link_of(engine, make, delivery_id):
    """The link in a mail that was asked for, such as `link_of(engine, LINKS.confirm, 1)`."""
    delivery = ledger.find(engine, delivery_id)
    return make(delivery.reader.key, delivery.id, delivery.due_at)


def dump(engine):
    """Everything in the database, whose schema may be an old one."""
    with engine.connect() as connection:
        present = inspect(connection).get_table_names()
        return {
            table.name: connection.execute(select(table).order_by(*table.primary_key)).all()
            for table in metadata.sorted_tables
            if table.name in present
        }


def mails(engine):
    return [row.kind for row in dump(engine)["deliveries"]]


def status_of(engine, reader):
    return readers.find(engine, reader.id).status
