"""The images and compose.yaml, as far as they can be looked at without an engine."""

import re
import sys

import pytest

from tests.deploy.tools import DEPLOY, ROOT, run

DOCKERFILE = (DEPLOY / "Dockerfile").read_text()


def instructions(text):
    """The instructions of a Dockerfile, each as its name and what follows, on one line."""
    lines = re.sub(r"\\\n\s*", "", "\n".join(line for line in text.splitlines() if not line.startswith("#")))
    return [tuple(line.split(maxsplit=1)) for line in lines.splitlines() if line.strip()]


def load(path):
    yaml = pytest.importorskip("ruamel.yaml", reason="ruamel.yaml is not here: it comes with check-jsonschema")
    return yaml.YAML(typ="safe").load(path)


@pytest.mark.parametrize(
    ("schema", "path"),
    [
        ("compose-spec", "deploy/compose.yaml"),
        ("github-workflows", ".github/workflows/ci.yml"),
        ("github-issue-config", ".github/ISSUE_TEMPLATE/config.yml"),
        ("github-issue-forms", ".github/ISSUE_TEMPLATE/bug.yml"),
        ("github-issue-forms", ".github/ISSUE_TEMPLATE/feature.yml"),
        ("github-issue-forms", ".github/ISSUE_TEMPLATE/verdict.yml"),
    ],
)
def test_a_file_is_what_its_schema_says(schema, path):
    pytest.importorskip("check_jsonschema", reason="check-jsonschema is not here")
    code, said = run(sys.executable, "-m", "check_jsonschema", "--builtin-schema", f"vendor.{schema}", ROOT / path)
    assert code == 0, said


def test_everything_the_image_is_built_from_is_here_and_is_let_in():
    ignored = (DEPLOY / "Dockerfile.dockerignore").read_text().splitlines()
    sources = [
        source
        for name, rest in instructions(DOCKERFILE)
        if name == "COPY" and "--from=" not in rest
        for source in rest.split()[:-1]
    ]
    assert sources
    assert [source for source in sources if not (ROOT / source).exists()] == []
    assert [source for source in sources if f"!{source.removeprefix('./')}" not in ignored] == []
    assert ignored[1] == "*"


def test_the_image_has_all_that_a_wheel_is_made_of():
    import tomllib

    build = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["hatch"]["build"]["targets"]["wheel"]
    copied = {
        word.removeprefix("./") for name, rest in instructions(DOCKERFILE) if name == "COPY" for word in rest.split()
    }
    assert {*build["packages"], *build["force-include"]} <= copied


def test_the_image_runs_without_root_and_says_how_it_is():
    last = dict(instructions(DOCKERFILE))
    assert last["USER"] == "paper-digest"
    assert "/healthz" in last["HEALTHCHECK"]
    assert last["CMD"].startswith('["uvicorn"')


def test_the_image_installs_by_hash():
    assert "--require-hashes --requirement requirements-production.lock" in DOCKERFILE


def test_the_containers_start_in_order_and_again():
    services = load(DEPLOY / "compose.yaml")["services"]
    assert set(services) == {"postgres", "valkey", "migrate", "web", "worker", "beat", "postfix"}
    for name in ("web", "worker", "beat"):
        assert services[name]["depends_on"]["migrate"]["condition"] == "service_completed_successfully"
    assert all(service["restart"] in ("unless-stopped", "on-failure:10") for service in services.values())


def test_only_this_machine_reaches_a_container():
    services = load(DEPLOY / "compose.yaml")["services"]
    ports = [port for service in services.values() for port in service.get("ports", ())]
    assert ports == ["127.0.0.1:8000:8000"]


def test_every_setting_of_the_containers_is_one():
    known = (ROOT / ".env.example").read_text()
    services = load(DEPLOY / "compose.yaml")["services"]
    ours = {name for service in services.values() for name in service.get("environment", ()) if name[:7] == "DIGEST_"}
    assert ours
    assert [name for name in ours if f"{name}=" not in known] == []


def test_the_production_lock_is_a_part_of_the_lock():
    """So production runs what the tests ran on, by hash, from whatever index the machine has."""
    pinned = re.compile(r"^([\w.-]+==\S+)", re.MULTILINE)
    production = (ROOT / "requirements-production.lock").read_text()
    everything = (ROOT / "requirements.lock").read_text()
    assert set(pinned.findall(production)) <= set(pinned.findall(everything))
    assert production.count("--hash=sha256:") > len(pinned.findall(production)) > 50
    assert re.search(r"https?://|--(extra-)?index", production) is None
    for tool in ("pytest", "mypy", "playwright", "hypothesis", "ruff"):
        assert f"\n{tool}==" not in production
