"""The flags that uvicorn is started with: the same wherever it is started, read by uvicorn itself."""

import configparser
import json
import re
import shlex

import pytest
from honcho.environ import parse_procfile
from uvicorn.main import main as uvicorn

from digest.cli.doctor.processes import COMMANDS
from tests.deploy.tools import DEPLOY, ROOT


def in_procfile():
    kept = shlex.split(parse_procfile((ROOT / "Procfile").read_text()).processes["web"])[-1]
    return re.sub(r"\$\{\w+:-([^}]+)\}", r"\1", kept)


def in_unit():
    unit = configparser.ConfigParser(strict=False, interpolation=None, delimiters=("=",))
    unit.read(DEPLOY / "systemd" / "paper-digest-web.service")
    return unit["Service"]["ExecStart"]


def in_image():
    [command] = re.findall(r"^CMD (.+)", (DEPLOY / "Dockerfile").read_text(), re.MULTILINE)
    return shlex.join(json.loads(command))


STARTED = {"procfile": in_procfile, "unit": in_unit, "image": in_image}


def told(line):
    """What uvicorn makes of a line; raises where it would not start."""
    return uvicorn.make_context("uvicorn", shlex.split(line)[1:]).params


@pytest.mark.parametrize("where", STARTED)
def test_uvicorn_is_started_so_that_nobody_says_who_they_are(where):
    """With its own default it believes X-Forwarded-For of whoever comes from this machine, as a proxy does."""
    params = told(STARTED[where]())
    assert params["app"] == "digest.web:app"
    assert params["proxy_headers"] is False
    # One process a port: what it keeps in memory, and whom it counts without a broker, is its own.
    assert params["workers"] is None
    # Longer than the slowest answer, shorter than the patience of whoever stops it.
    assert params["timeout_graceful_shutdown"] == 10
    # Each visit would be a line.
    assert params["log_level"] == "warning"


def test_it_is_started_alike_wherever_it_is():
    places = {"host", "port"}
    lines = [{name: value for name, value in told(line()).items() if name not in places} for line in STARTED.values()]
    assert lines[0] == lines[1] == lines[2]


def test_what_the_doctor_says_starts_the_endpoint_that_nobody_deceives():
    params = told(COMMANDS["web"])
    assert (params["app"], params["proxy_headers"]) == ("digest.web:app", False)
