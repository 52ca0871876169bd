from datetime import date

import pytest
from prometheus_client.parser import text_string_to_metric_families

from digest.domain import CollectionRun, Outcome, Status
from digest.store import papers
from tests.support.factories import NOW, a_listing
from tests.support.visitor import a_subscriber, a_visitor, dump


def test_prometheus_reads_how_the_service_does(engine):
    look = CollectionRun("huggingface", date(2025, 12, 24), "api", 1, 0.1, Outcome.SUSPICIOUS, "few", NOW)
    papers.keep(engine, [a_listing()], look)
    for number, status in enumerate([Status.ACTIVE, Status.ACTIVE, Status.BOUNCED]):
        a_subscriber(engine, status, f"{number}@example.org")
    before = dump(engine)
    answer = a_visitor(engine, host="127.0.0.1").get("/metrics")
    found = {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }
    assert found["digest_readers", "active"] == 2
    assert found["digest_readers", "bounced"] == 1
    assert found["digest_deliveries", "sent"] == 0
    assert found["digest_collected_at_seconds", "huggingface"] == NOW.timestamp()
    assert found["digest_collection_trusted", "huggingface"] == 0
    assert answer.headers["content-type"].startswith("text/plain")
    assert dump(engine) == before


@pytest.mark.parametrize(
    ("host", "headers"),
    [
        ("192.0.2.1", {}),
        ("127.0.0.1", {"X-Forwarded-For": "192.0.2.1"}),
        ("::1", {"Via": "1.1 proxy"}),
        ("127.0.0.1", {"Forwarded": "for=127.0.0.1"}),
        ("a-unix-socket", {}),
    ],
)
def test_nobody_else_sees_the_figures(engine, host, headers):
    assert a_visitor(engine, host).get("/metrics", headers=headers).status_code == 404


def test_who_has_the_token_sees_the_figures_from_anywhere_and_nobody_else_does(engine):
    visitor = a_visitor(engine, metrics_token="a token")
    given = {None: 404, "Bearer another": 404, "Bearer a token": 200, "Bearer é": 404}
    for value, status in given.items():
        headers = {"Authorization": value.encode()} if value else {}
        assert visitor.get("/metrics", headers=headers).status_code == status
    assert a_visitor(engine, "127.0.0.1", metrics_token="a token").get("/metrics").status_code == 404
