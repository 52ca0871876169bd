"""The recipe for Postfix, put into a configuration of its own; no server is started."""

import os
import shutil
from pathlib import Path

import pytest

from tests.deploy.tools import DEPLOY, need, run

DOMAIN = "papers.example.org"


@pytest.fixture
def configuration(tmp_path):
    """A folder as Debian's package fills it."""
    need("postfix", "postfix")
    folder = tmp_path / "postfix"
    folder.mkdir()
    shutil.copy("/etc/postfix/master.cf", folder)
    for path in Path("/etc/postfix").glob("postfix-files*"):
        (shutil.copytree if path.is_dir() else shutil.copy)(path, folder / path.name)
    (folder / "main.cf").write_text(
        "compatibility_level = 3.6\nmyhostname = mx.example.org\nmydestination = localhost\n"
    )
    return folder


def install(folder):
    # Postfix waits before it reads a file that has just been written.
    os.utime(folder / "main.cf", (0, 0))
    return run(DEPLOY / "postfix" / "install", DOMAIN, "ada@lab.example.org", folder, "nobody")


def look_up(folder, name, address):
    return run(need("postmap", "postfix"), "-q", address, f"regexp:{folder}/paper-digest-{name}")[1].strip()


def setting(folder, name):
    return run(need("postconf", "postfix"), "-c", folder, "-h", name)[1].strip()


def test_what_comes_back_leads_to_the_pipe_and_nothing_else_does(configuration):
    code, said = install(configuration)
    assert code == 0, said
    for address in ("bounce+1.2.abc@", "bounce@", "unsubscribe+2.0i_h-W@"):
        assert look_up(configuration, "transport", address + DOMAIN) == "paper-digest:"
        assert look_up(configuration, "recipients", address + DOMAIN) == "ok"
    for address in (f"digest@{DOMAIN}", "bounce+1@papersXexample.org", f"bounce+1@{DOMAIN}.evil.example"):
        assert look_up(configuration, "transport", address) == ""
    assert look_up(configuration, "people", f"postmaster@{DOMAIN}") == "ada@lab.example.org"
    pipe = run(need("postconf", "postfix"), "-c", configuration, "-M", "paper-digest/unix")[1]
    assert "user=nobody directory=/var/lib/paper-digest" in " ".join(pipe.split())
    assert "bounce >/dev/null || exit 75" in pipe


def test_what_is_there_already_stays(configuration):
    with (configuration / "main.cf").open("a") as file:
        file.write("relay_domains = other.example\ntransport_maps = hash:/etc/theirs\n")
    assert install(configuration)[0] == 0
    assert setting(configuration, "relay_domains") == f"{DOMAIN}, other.example"
    assert setting(configuration, "transport_maps").endswith("/paper-digest-transport, hash:/etc/theirs")


@pytest.mark.parametrize(
    ("line", "said"),
    [("myhostname = mx", "myhostname has no domain"), ("mydestination = /nowhere/mailname", "/nowhere/mailname")],
)
def test_what_a_silent_installation_leaves_undone_is_said(configuration, line, said):
    with (configuration / "main.cf").open("a") as file:
        file.write(f"{line}\n")
    code, told = install(configuration)
    assert code == 1
    assert said in told
    assert not list(configuration.glob("paper-digest-*"))


def test_it_is_put_in_once(configuration):
    assert install(configuration)[0] == 0
    before = (configuration / "master.cf").read_text()
    assert install(configuration)[0] == 1
    assert (configuration / "master.cf").read_text() == before


def test_a_domain_whose_mail_goes_to_the_users_of_the_machine_is_refused(configuration):
    with (configuration / "main.cf").open("a") as file:
        file.write(f"mydomain = {DOMAIN}\nmydestination = localhost, $mydomain\n")
    code, said = install(configuration)
    assert code == 1
    assert f"{DOMAIN} is in mydestination" in said
