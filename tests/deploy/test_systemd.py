"""The units: systemd can read them, they are shut in, and they start what the Procfile starts."""

import configparser
import re
from pathlib import Path

import pytest
from honcho.environ import parse_procfile

from tests.deploy.tools import DEPLOY, ROOT, need, run

UNITS = sorted((DEPLOY / "systemd").glob("*.*"))
SERVICES = [path for path in UNITS if path.suffix == ".service"]
BINARIES = "/opt/paper-digest/venv/bin/"
# The lower, the less a unit can do to the machine; systemd calls below 2 "OK", and 9.6 is a unit without any of it.
MOST_EXPOSED = "20"


class Unit(configparser.ConfigParser):
    """A unit file; of a name that is given twice the last counts, which none of ours relies on."""

    def __init__(self, path):
        super().__init__(strict=False, interpolation=None, delimiters=("=",), comment_prefixes=("#",))
        self.optionxform = str
        self.read(path)


@pytest.fixture
def units(tmp_path):
    """The units in a folder of their own, with an instance of the template, and programs that are on this machine."""
    for path in UNITS:
        text = re.sub(rf"{BINARIES}\w+", "/bin/true", path.read_text())
        for name in (path.name, path.name.replace("@.", "@1.")):
            (tmp_path / name).write_text(text)
    return tmp_path


def test_systemd_can_read_every_unit(units):
    verify = need("systemd-analyze", "systemd")
    assert run(verify, "verify", "--man=no", *units.glob("*.*")) == (0, "")


def test_a_unit_that_systemd_cannot_read_would_be_seen(units):
    verify = need("systemd-analyze", "systemd")
    web = units / "paper-digest-web.service"
    web.write_text(web.read_text().replace("Restart=always", "Restart=sometimes"))
    assert "sometimes" in run(verify, "verify", "--man=no", web)[1]


@pytest.mark.parametrize("name", ["web", "worker@1", "beat", "migrate"])
def test_a_unit_is_shut_in(units, name):
    analyze = need("systemd-analyze", "systemd")
    path = units / f"paper-digest-{name}.service"
    code, said = run(analyze, "security", "--offline=yes", f"--threshold={MOST_EXPOSED}", path)
    assert code == 0, said


@pytest.mark.parametrize("path", SERVICES, ids=lambda path: path.name)
def test_every_unit_has_the_same_user_settings_and_walls(path):
    ours, model = Unit(path)["Service"], Unit(DEPLOY / "systemd" / "paper-digest-web.service")["Service"]
    own = {"Type", "ExecStart", "KillMode", "TimeoutStopSec", "TimeoutStartSec", "RemainAfterExit"}
    kept = {"Restart", "RestartSec", "RestartPreventExitStatus"}
    assert {key: value for key, value in ours.items() if key not in own | kept} == {
        key: value for key, value in model.items() if key not in own | kept
    }
    assert ours["EnvironmentFile"] == "/etc/paper-digest/env"


@pytest.mark.parametrize("part", ["web", "worker@", "beat"])
def test_a_part_starts_after_the_migration_and_for_ever(part):
    unit = Unit(DEPLOY / "systemd" / f"paper-digest-{part}.service")
    assert unit["Unit"]["Requires"] == "paper-digest-migrate.service"
    assert "paper-digest-migrate.service" in unit["Unit"]["After"]
    assert (unit["Service"]["Restart"], unit["Unit"]["StartLimitIntervalSec"]) == ("always", "0")


@pytest.mark.parametrize("part", ["web", "worker@", "beat"])
def test_a_unit_starts_what_the_procfile_starts(part):
    line = parse_procfile((ROOT / "Procfile").read_text()).processes[part.strip("@")]
    started = Unit(DEPLOY / "systemd" / f"paper-digest-{part}.service")["Service"]["ExecStart"]
    # Whatever they are told beside it, the program and what it runs are the same.
    runs = re.search(r"\b(uvicorn|celery|python) .*?(?= --(host|port|log-?level))", line)[0]
    assert started.startswith(BINARIES + runs)


@pytest.mark.parametrize("path", SERVICES, ids=lambda path: path.name)
def test_a_unit_belongs_to_the_target(path):
    unit = Unit(path)
    assert unit["Unit"]["PartOf"] == unit["Install"]["WantedBy"] == "paper-digest.target"


def test_the_migration_waits_for_the_database_and_not_for_a_setting(tmp_path):
    """Run as systemd would: 1 is tried again, 0 and 2 end it."""
    line = Unit(DEPLOY / "systemd" / "paper-digest-migrate.service")["Service"]["ExecStart"]
    script = re.fullmatch(r"/bin/sh -c '(.*)'", line)[1].replace("$$", "$").replace("sleep 10", "sleep 0")
    for codes, end in (("1 1 0", 0), ("1 2", 2)):
        (tmp_path / "codes").write_text("\n".join(codes.split()))
        fake = tmp_path / "digest"
        fake.write_text(f"#!/bin/sh\ncode=$(head -1 {tmp_path}/codes); sed -i 1d {tmp_path}/codes; exit $code\n")
        fake.chmod(0o755)
        assert run("/bin/sh", "-c", script, env={"PATH": f"{tmp_path}:/usr/bin:/bin"})[0] == end
        assert (tmp_path / "codes").read_text() == ""


def test_the_example_of_the_settings_is_read_alike_by_systemd_and_by_us():
    from dotenv import dotenv_values

    example = DEPLOY / "env.example"
    read = dotenv_values(example)
    plain = dict(line.split("=", 1) for line in example.read_text().splitlines() if line and line[0] != "#")
    assert read == plain
    known = {line.strip("#").split("=")[0] for line in (ROOT / ".env.example").read_text().splitlines() if "=" in line}
    assert set(plain) <= known


def test_the_command_line_runs_as_the_service_does():
    wrapper = (DEPLOY / "systemd" / "digest").read_text()
    service = Unit(DEPLOY / "systemd" / "paper-digest-web.service")["Service"]
    assert f"cd {service['WorkingDirectory']} " in wrapper
    assert f"-u {service['User']} -- {BINARIES}digest" in wrapper
    assert Path(DEPLOY / "systemd" / "digest").stat().st_mode & 0o111
