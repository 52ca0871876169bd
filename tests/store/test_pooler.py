"""A real pgbouncer between us and PostgreSQL: what the doctor says of its two modes."""

import os
import shutil
import subprocess
import time

import pytest
from sqlalchemy import make_url
from sqlalchemy.exc import OperationalError

from bench.networks import Forwarder
from digest.bootstrap import Service
from digest.cli.demo.processes import free_port
from digest.cli.doctor import database
from digest.settings import Settings
from digest.store.engine import connect

BOUNCER = shutil.which("pgbouncer") or shutil.which("pgbouncer", path="/usr/sbin")
CONFIGURED = """
[databases]
{name} = host=127.0.0.1 port={server} dbname={name} user=postgres
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
auth_type = any
pool_mode = {mode}
unix_socket_dir =
"""


@pytest.fixture
def pooled(postgres, tmp_path):
    """A function that puts a pgbouncer before a new database; gives the URL by way of it."""
    running = []
    url = make_url(postgres())

    def start(mode, server):
        port, file = free_port(0), tmp_path / "pgbouncer.ini"
        file.write_text(CONFIGURED.format(name=url.database, server=server, port=port, mode=mode))
        for folder in (file, *file.parents):
            # It gives root's rights up, and must still be able to read this.
            if folder.owner() == "root" and str(folder).startswith("/tmp/"):
                folder.chmod(folder.stat().st_mode | 0o055)
        user = ["-u", "nobody"] if os.geteuid() == 0 else []
        running.append(subprocess.Popen([BOUNCER, "-q", *user, str(file)], stderr=subprocess.DEVNULL))
        found = f"postgresql+psycopg://postgres@127.0.0.1:{port}/{url.database}"
        wait_for(found)
        return found

    folder = url.query.get("host")
    with Forwarder(path=f"{folder}/.s.PGSQL.{url.port or 5432}") as server:
        yield lambda mode: start(mode, server.port)
        for process in running:
            process.terminate()
            process.wait(10)


def wait_for(url):
    engine, end = connect(url), time.monotonic() + 20
    while True:
        try:
            engine.connect().close()
            engine.dispose()
            return
        except OperationalError:
            assert time.monotonic() < end, "pgbouncer does not answer"
            time.sleep(0.1)


@pytest.mark.skipif(not BOUNCER, reason="no pgbouncer here")
@pytest.mark.parametrize("mode", ["transaction", "session"])
def test_the_doctor_tells_a_pgbouncer_that_mixes_sessions_from_one_that_does_not(pooled, mode):
    with Service(Settings(database_url=pooled(mode))) as service:
        found = {each.what: each for each in database.look(service)}
    assert ("pooler" in found) is (mode == "transaction")
    assert found["database"].said.startswith("postgresql, with the newest schema")
