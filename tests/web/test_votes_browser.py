"""The whole path of a vote in a real browser: from the link in a mail to the order of the next one, and its reason."""

import socket
from concurrent.futures import ThreadPoolExecutor

import pytest

from digest.settings import Settings
from digest.store import feedback
from digest.store.engine import connect
from digest.web import create_app
from tests.support.browser import NEEDS_CHROMIUM, serving
from tests.support.factories import NOW, a_paper
from tests.support.service import Service

pytestmark = NEEDS_CHROMIUM

ADA = "ada@example.org"
PLAIN, LIKED = "Agents for marsh birds", "Agents for tree search"


@pytest.fixture
def service(sqlite, tmp_path, mail_server):
    """The service with an endpoint that answers in this machine; what its mails link to is there."""
    engine = connect(sqlite(tmp_path))
    service = Service(engine, mail_server)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        address = f"http://127.0.0.1:{listener.getsockname()[1]}"
        service.settings |= {"base_url": address, "broker_url": "redis://127.0.0.1:1/0", "now": NOW}
        with serving(create_app(Settings(**service.settings), engine), listener):
            yield service
    engine.dispose()


@pytest.fixture
def tab(chromium):
    context = chromium.new_context()
    page = context.new_page()
    page.set_default_timeout(10_000)
    yield page
    context.close()


def collects(service, day, *titles):
    keywords = {LIKED: ("tree search",), PLAIN: ("marsh birds",)}
    found = [
        a_paper(title=title, abstract=f"Agents on day {day.day}. They count {n}.", keywords=keywords[title])
        for n, title in enumerate(titles)
    ]
    service.collects(*found, day=day.date())


def the_mail(service, tab):
    """Send what is due, and open the mail; its titles in order."""
    # The browser's loop runs in this thread, and sending wants one of its own.
    with ThreadPoolExecutor(1) as pool:
        pool.submit(service.sends).result()
    [letter] = service.letters()
    tab.set_content(letter.html)
    return tab.locator("a.title").all_text_contents()


def test_a_vote_from_the_mail_to_the_next_mail(service, tab):
    service.admits(ADA, "agents")
    collects(service, service.now, LIKED)
    assert the_mail(service, tab) == [LIKED]
    tab.get_by_role("link", name="More like this").click()
    assert tab.get_by_role("heading", level=1).text_content() == "More like this"
    assert feedback.votes(service.engine, [1]) == {}
    tab.get_by_role("button", name="Show me more like this").click()
    assert "papers on tree search rank a little higher" in " ".join(tab.locator("main").inner_text().split())
    tab.get_by_role("button", name="Undo").click()
    assert feedback.votes(service.engine, [1]) == {}

    service.now = tomorrow(service.now)
    collects(service, service.now, PLAIN, LIKED)
    assert the_mail(service, tab) == [PLAIN, LIKED], "what was undone moves nothing"
    tab.get_by_role("link", name="More like this").nth(1).click()
    tab.get_by_role("button", name="Show me more like this").click()

    service.now = tomorrow(service.now)
    collects(service, service.now, PLAIN, LIKED)
    assert the_mail(service, tab) == [LIKED, PLAIN]
    reasons = " ".join(tab.locator(".meta").first.inner_text().split())
    assert reasons.endswith("you liked a paper on tree search")


def test_papers_one_likes_become_topics_without_javascript(service, chromium):
    service.collects(
        a_paper("2512.00001", title="Tree Search for Provers", abstract="Tree search prunes. Tree search is slow."),
        a_paper(title="More on tree search", abstract="How a chess engine walks, by tree search.", authors=()),
        a_paper(title="Planning", abstract="Robots plan by tree search in a kitchen.", authors=()),
        *(a_paper(title=f"Heron {n}", abstract=f"Birds of the marsh, part {n}.", authors=()) for n in range(40)),
    )
    context = chromium.new_context(base_url=service.settings["base_url"], java_script_enabled=False)
    page = context.new_page()
    page.goto("/")
    page.get_by_role("link", name="Start from papers you like").first.click()
    page.get_by_label("Papers").fill("2512.00001")
    page.get_by_role("button", name="Find topics").click()
    assert page.get_by_role("checkbox").first.is_checked()
    page.get_by_role("button", name="Continue with these").click()
    assert page.get_by_label("Topics", exact=True).input_value() == "tree search"
    context.close()


def tomorrow(now):
    return now.replace(day=now.day + 1)
