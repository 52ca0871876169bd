"""The pages in a real browser: joining and leaving, with JavaScript and without."""

import socket
import threading
import time
from contextlib import contextmanager
from pathlib import Path

import pytest
import uvicorn

from digest.domain import Status
from digest.links import Links
from digest.settings import Settings
from digest.store import readers
from digest.store.engine import connect, migrate
from digest.web import create_app

CHROMIUM = Path("/usr/bin/chromium")
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
NARROWEST = 320

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not CHROMIUM.exists(), reason="there is no /usr/bin/chromium: apt-get install chromium"),
]


@pytest.fixture(scope="module")
def chromium():
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def engine(tmp_path):
    engine = connect(f"sqlite:///{tmp_path / 'digest.sqlite3'}")
    migrate(engine)
    yield engine
    engine.dispose()


@contextmanager
def serving(app, listener):
    """Run uvicorn in a thread on a socket that listens already, so that nobody has to wait for it."""
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, ws="none"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    yield
    server.should_exit = True
    thread.join()


@pytest.fixture
def site(engine):
    """The endpoint on a free port of this machine; gives its address."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        address = f"http://127.0.0.1:{listener.getsockname()[1]}"
        app = create_app(Settings(base_url=address, broker_url="redis://127.0.0.1:1/0"), engine)
        with serving(app, listener):
            yield address


@pytest.fixture
def open_page(chromium, site):
    """Open tabs, which may complain about nothing: no script error, no refused style."""
    contexts, complaints = [], []

    def open_page(path="/", **wanted):
        contexts.append(chromium.new_context(base_url=site, **wanted))
        page = contexts[-1].new_page()
        page.set_default_timeout(10_000)
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(path)
        return page

    yield open_page
    assert [context.cookies() for context in contexts if context.cookies()] == []
    for context in contexts:
        context.close()
    assert complaints == []


@pytest.fixture
def links(site):
    return Links(site, Settings().secret_key)


def subscribe(page, email):
    page.get_by_label("Your email address").fill(email)
    page.get_by_label("Your topics, one a line").fill("speculative decoding\nprotein folding")
    page.get_by_label("Monday to Friday").check()
    page.get_by_role("button", name="Subscribe").click()
    page.get_by_role("heading", name="Check your inbox").wait_for()


def the_reader(engine):
    """The only reader. The form is answered before it is worked on."""
    for _ in range(50):
        if found := list(readers.everyone(engine)):
            break
        time.sleep(0.1)
    (reader,) = found
    return reader


def test_subscribing_with_javascript_guesses_the_time_zone(open_page, engine):
    subscribe(open_page(timezone_id="Asia/Tokyo"), "ada@example.org")
    reader = the_reader(engine)
    assert reader.status is Status.PENDING
    assert reader.preferences.timezone == "Asia/Tokyo"
    assert reader.preferences.topics == ("speculative decoding", "protein folding")


def test_subscribing_without_javascript_works_and_lets_one_choose_the_time_zone(open_page, engine):
    page = open_page(timezone_id="Asia/Tokyo", java_script_enabled=False)
    assert page.get_by_label("In the time zone of").input_value() == "UTC"
    page.get_by_label("In the time zone of").select_option(label="Berlin")
    subscribe(page, "ada@example.org")
    assert the_reader(engine).preferences.timezone == "Europe/Berlin"


def test_the_button_confirms_and_another_one_ends_it(open_page, engine, links):
    subscribe(open_page(), "ada@example.org")
    reader = the_reader(engine)
    page = open_page(links.confirm(reader.key, 1, reader.created_at))
    assert the_reader(engine).status is Status.PENDING
    page.get_by_role("button", name="Yes, send me the digest").click()
    page.get_by_role("heading", name="You are subscribed").wait_for()
    assert the_reader(engine).status is Status.ACTIVE
    page.goto(links.unsubscribe(reader.key))
    assert the_reader(engine).status is Status.ACTIVE
    page.get_by_role("button", name="Unsubscribe").click()
    page.get_by_role("heading", name="You are unsubscribed").wait_for()
    assert the_reader(engine).status is Status.UNSUBSCRIBED


def test_preferences_are_changed_paused_and_resumed_by_keyboard_alone(open_page, engine, links):
    subscribe(open_page(), "ada@example.org")
    reader = the_reader(engine)
    page = open_page(links.confirm(reader.key, 1, reader.created_at))
    page.get_by_role("button").press("Enter")
    page.get_by_role("link", name="change it now").press("Enter")
    page.get_by_label("At most how many papers in one mail").fill("3")
    page.keyboard.press("Enter")
    page.get_by_role("status").get_by_text("Saved.").wait_for()
    assert the_reader(engine).preferences.most_papers == 3
    page.get_by_role("button", name="Pause").press("Enter")
    page.get_by_role("button", name="Resume").press("Enter")
    page.get_by_role("button", name="Pause").wait_for()
    assert the_reader(engine).status is Status.ACTIVE


def test_no_page_is_wider_than_the_smallest_phone(open_page, engine, links):
    subscribe(open_page(), "a.very.long.address.indeed.without.any.place.to.break@a-very-long-domain.example.org")
    reader = the_reader(engine)
    page = open_page(viewport={"width": NARROWEST, "height": 600})
    confirming = links.confirm(reader.key, 1, reader.created_at)
    for url in ("/", confirming, links.unsubscribe(reader.key), links.preferences(reader.key)):
        page.goto(url)
        assert page.evaluate("document.documentElement.scrollWidth") <= NARROWEST
