"""Alerts and dashboard: Prometheus can read the rules, they ring when they should, and they ask for metrics we have."""

import json
import re

from tests.deploy.tools import DEPLOY, need, run
from tests.support.metrics import METRICS

RULES = (DEPLOY / "alerts.yml").read_text()
BOARD = json.loads((DEPLOY / "grafana.json").read_text())
NAME = re.compile(r"\bpaper_digest_\w+")


def queries():
    return [target["expr"] for panel in BOARD["panels"] for target in panel["targets"]]


def test_prometheus_can_read_the_rules():
    code, said = run(need("promtool", "prometheus"), "check", "rules", DEPLOY / "alerts.yml")
    assert code == 0, said


def test_the_rules_ring_on_bad_days_alone():
    code, said = run(need("promtool", "prometheus"), "test", "rules", DEPLOY / "alerts_test.yml")
    assert code == 0, said


def test_every_alert_is_tried_on_a_bad_day_and_says_where_to_look():
    tried = (DEPLOY / "alerts_test.yml").read_text()
    alerts = re.findall(r"- alert: (\w+)", RULES)
    assert len(alerts) == len(set(alerts)) == RULES.count("look: ") == RULES.count("summary: ") >= 9
    assert [alert for alert in alerts if f'alertname="{alert}"' not in tried] == []


def test_alerts_and_dashboard_ask_for_metrics_that_there_are():
    assert {name for text in (RULES, *queries()) for name in NAME.findall(text)} <= set(METRICS)


def test_every_metric_is_on_the_dashboard():
    assert set(METRICS) == {name for query in queries() for name in NAME.findall(query)}


def test_the_labels_asked_for_are_those_of_the_metric():
    for query in queries():
        for name, asked in re.findall(r"\b(paper_digest_\w+)\{([^}]*)\}", RULES + query):
            assert set(re.findall(r"(\w+)=~?\"", asked)) <= METRICS[name]


def test_prometheus_understands_every_query_of_the_dashboard(tmp_path):
    promtool = need("promtool", "prometheus")
    rules = [{"record": f"query:{number}", "expr": query} for number, query in enumerate(queries())]
    (tmp_path / "rules.yml").write_text(json.dumps({"groups": [{"name": "board", "rules": rules}]}))
    code, said = run(promtool, "check", "rules", tmp_path / "rules.yml")
    assert code == 0, said


def test_no_two_panels_lie_on_each_other():
    taken = set()
    for panel in BOARD["panels"]:
        place = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert place["x"] + place["w"] <= 24
        assert not cells & taken
        taken |= cells
    assert len({panel["id"] for panel in BOARD["panels"]}) == len(BOARD["panels"])
