from datetime import date

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
    answer = a_visitor(engine).get("/metrics")
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
