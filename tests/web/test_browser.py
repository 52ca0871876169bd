"""The pages in a real browser: a whole life, phone and desktop, light and dark, with JavaScript and without."""

import re
import socket
from datetime import date

import pytest

from digest.bootstrap import Service
from digest.compose import opened
from digest.domain import CollectionRun, Outcome, Preferences, Status
from digest.readers import another
from digest.settings import Settings
from digest.store import ledger, papers, readers
from digest.store.engine import connect, writing
from digest.web import create_app
from tests.support.browser import NARROWEST, NEEDS_CHROMIUM, SCHEMES, serving
from tests.support.factories import NOW, a_listing
from tests.support.visitor import dump
from tests.support.waiting import wait_until

ABSTRACT = "Speculative decoding drafts ahead. Then the model looks at it once. It is faster."
LISTED = {
    date(2025, 12, 23): ["Speculative decoding for tides", "Marsh birds of the north"],
    date(2025, 12, 24): ["Speculative decoding for moss", "Agents in a house"],
}

pytestmark = NEEDS_CHROMIUM


@pytest.fixture
def engine(sqlite, tmp_path):
    engine = connect(sqlite(tmp_path))
    for day, titles in LISTED.items():
        found = [
            a_listing(title=title, day=day, upvotes=9 - rank, rank=rank, abstract=ABSTRACT, summary="It drafts ahead.")
            for rank, title in enumerate(titles, 1)
        ]
        papers.keep(engine, found, CollectionRun("huggingface", day, "api", len(found), 0.1, Outcome.OK, "", NOW))
    yield engine
    engine.dispose()


@pytest.fixture
def site(engine):
    """The endpoint on a free port of this machine; gives its address."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        address = f"http://127.0.0.1:{listener.getsockname()[1]}"
        with serving(create_app(settings_of(address), engine), listener):
            yield address


def settings_of(address):
    return Settings(base_url=address, broker_url="redis://127.0.0.1:1/0", now=NOW)


@pytest.fixture
def open_page(chromium, site):
    """Open tabs, which may complain about nothing: no script error, no refused style."""
    contexts, complaints = [], []

    def open_page(path="/", **wanted):
        contexts.append(chromium.new_context(base_url=site, **wanted))
        page = contexts[-1].new_page()
        page.set_default_timeout(10_000)
        # What it says of a page that is not there, and of nothing else.
        page.on("console", lambda message: "404" in message.text or complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(path)
        return page

    yield open_page
    assert [context.cookies() for context in contexts if context.cookies()] == []
    for context in contexts:
        context.close()
    assert complaints == []


@pytest.fixture
def mailed(engine, site):
    """Give the links in the last mail of a kind, as its text has them."""
    composer = Service(settings_of(site)).composer

    def links_in(kind):
        # The form is answered before it is worked on.
        numbers = wait_until(lambda: [row.id for row in dump(engine)["deliveries"] if row.kind == kind])
        delivery = ledger.find(engine, max(numbers))
        mail = composer.quiet(delivery) if kind == "digest" else composer.letter(delivery)
        links = re.finditer(rf"{re.escape(site)}/(\w+)/\S+", opened(mail.content).text)
        return {link[1]: link[0] for link in links}

    return links_in


def the_reader(engine):
    (reader,) = readers.everyone(engine)
    return reader


def panel(page):
    """The part of home where one says what one wants."""
    return page.get_by_role("complementary")


def subscribe(page, email="ada@example.org", topics="speculative decoding\nprotein folding"):
    panel(page).get_by_label("Topics", exact=True).fill(topics)
    panel(page).get_by_label("Your email address").fill(email)
    panel(page).get_by_role("button", name="Subscribe to this").click()
    page.get_by_role("heading", name="Check your inbox").wait_for()


WAYS = {
    "desktop": {"viewport": {"width": 1280, "height": 800}},
    "phone": {"viewport": {"width": 360, "height": 800}, "color_scheme": "dark", "has_touch": True},
    "without JavaScript": {"java_script_enabled": False},
}


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_the_whole_life_of_a_reader_by_the_mails_own_links(open_page, engine, mailed, way):
    page = open_page(timezone_id="Asia/Tokyo", **way)
    subscribe(page)
    page.goto(mailed("confirm")["confirm"])
    assert the_reader(engine).status is Status.PENDING
    page.get_by_role("button", name="Yes, send me the digest").click()
    page.get_by_role("heading", name="You’re subscribed").wait_for()
    page.get_by_role("heading", name="Your first matches").wait_for()
    page.get_by_text("Nothing on protein folding in the last 2 days").wait_for()
    reader = the_reader(engine)
    assert (reader.status, reader.preferences.topics) == (Status.ACTIVE, ("speculative decoding", "protein folding"))
    assert reader.preferences.timezone == ("UTC" if "java_script_enabled" in way else "Asia/Tokyo")
    links = mailed("digest")
    page.goto(links["preferences"])
    page.get_by_role("button", name="Remove protein folding").click()
    page.get_by_role("status").get_by_text("Saved.").wait_for()
    assert the_reader(engine).preferences.topics == ("speculative decoding",)
    page.goto(links["unsubscribe"])
    page.get_by_role("heading", name="Stop the digest for a•••@example.org?").wait_for()
    page.get_by_role("button", name="Weekly instead").click()
    page.get_by_text("every Monday").wait_for()
    page.goto(links["unsubscribe"])
    page.get_by_role("button", name="Pause a month").click()
    page.get_by_text("Friday, January 23").wait_for()
    assert the_reader(engine).status is Status.PAUSED
    page.goto(links["preferences"])
    page.get_by_role("button", name="Resume").click()
    page.goto(links["unsubscribe"])
    assert the_reader(engine).status is Status.ACTIVE
    page.get_by_role("button", name="Unsubscribe").click()
    page.get_by_role("heading", name="You’re unsubscribed").wait_for()
    assert the_reader(engine).status is Status.UNSUBSCRIBED
    page.get_by_role("button", name="Undo").click()
    page.get_by_role("heading", name="Welcome back").wait_for()
    page.goto(links["unsubscribe"])
    page.get_by_role("button", name="Unsubscribe").click()
    page.get_by_role("heading", name="You’re unsubscribed").wait_for()
    page.goto(mailed("goodbye")["preferences"])
    page.get_by_role("button", name="Delete everything").click()
    page.get_by_role("heading", name="Everything is deleted").wait_for()
    assert not list(readers.everyone(engine))


@pytest.mark.parametrize("way", ["phone", "without JavaScript"])
def test_another_digest_is_added_and_all_end_by_their_own_links(open_page, engine, mailed, way):
    page = open_page(**WAYS[way])
    subscribe(page)
    page.goto(mailed("confirm")["confirm"])
    page.get_by_role("button", name="Yes, send me the digest").click()
    page.get_by_role("heading", name="You’re subscribed").wait_for()
    page.goto(mailed("digest")["preferences"])
    page.get_by_role("link", name="Add another digest").click()
    page.get_by_label("Name").fill("my thesis")
    page.get_by_role("button", name="Add this digest").click()
    page.get_by_role("heading", name="my thesis").wait_for()
    page.get_by_role("link", name="Your first digest").click()
    page.get_by_role("link", name="my thesis").wait_for()
    page.goto(mailed("digest")["unsubscribe"])
    page.get_by_role("button", name="Unsubscribe", exact=True).click()
    assert [one.status for one in readers.everyone(engine)] == [Status.ACTIVE, Status.UNSUBSCRIBED]
    page.get_by_role("button", name="End that one, too").click()
    page.get_by_text("No more digests come to this address").wait_for()
    assert {one.status for one in readers.everyone(engine)} == {Status.UNSUBSCRIBED}


def test_one_field_at_the_top_is_enough_on_the_smallest_screen(open_page, engine, mailed):
    page = open_page(viewport={"width": 360, "height": 800}, timezone_id="Europe/Berlin")
    button = page.get_by_role("button", name="Subscribe", exact=True)
    assert button.bounding_box()["y"] + button.bounding_box()["height"] < 800
    page.get_by_label("Your email address").first.fill("ada@example.org")
    button.click()
    page.get_by_text("ada@example.org").wait_for()
    assert mailed("confirm")
    assert ledger.find(engine, 1).requested.timezone == "Europe/Berlin"


def test_what_topics_bring_is_shown_as_one_types_and_a_chip_adds_itself(open_page):
    page = open_page()
    panel(page).get_by_label("Topics", exact=True).press_sequentially("speculative decoding")
    panel(page).get_by_role("heading", name="About 2 papers a day").wait_for()
    assert "Papers a day" in panel(page).get_by_role("img").get_attribute("aria-label")
    panel(page).get_by_role("link", name="Speculative decoding for moss").wait_for()
    assert panel(page).locator("mark").first.inner_text() == "Speculative decoding"


def test_everything_works_by_keyboard_alone(open_page, engine, mailed):
    page = open_page()
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.id") == "topics":
            break
    page.keyboard.type("agents")
    for _ in range(20):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.id") == "email":
            break
    page.keyboard.type("ada@example.org")
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Check your inbox").wait_for()
    page.goto(mailed("confirm")["confirm"])
    page.get_by_role("button").press("Enter")
    page.get_by_role("heading", name="You’re subscribed").wait_for()
    assert the_reader(engine).preferences.topics == ("agents",)


def test_a_city_is_enough_of_a_time_zone(open_page, mailed, engine):
    page = open_page("/preview", java_script_enabled=False)
    page.get_by_text("change", exact=True).click()
    page.get_by_label("Time zone").fill("berlin")
    page.get_by_label("Your email address").fill("ada@example.org")
    page.get_by_role("button", name="Subscribe").click()
    assert mailed("confirm")
    assert ledger.find(engine, 1).requested.timezone == "Europe/Berlin"


def test_search_archive_and_a_paper_are_a_few_clicks_apart(open_page):
    page = open_page("/search")
    page.get_by_label("Words, a topic, an author").fill("decoding")
    page.get_by_role("button", name="Search").click()
    page.get_by_role("link", name="Speculative decoding for moss").click()
    page.get_by_role("heading", name="Speculative decoding for moss").wait_for()
    page.get_by_role("link", name="Wednesday, December 24, 2025").click()
    page.get_by_role("link", name="← Tuesday, December 23, 2025").click()
    page.get_by_role("heading", name="Tuesday, December 23, 2025").wait_for()


PAGES = ["/", "/archive", "/archive/2025-12-24", "/archive/2025-12-20", "/archive/2025-W52", "/search?q=decoding"]
PAGES += [
    "/papers/{paper}",
    "/preview?topics=decoding%0Ano such%0Aauther:x",
    "/authors/Ada%20Lovelace",
    "/feeds",
    "/zones",
]


def test_no_page_has_anything_that_axe_finds_or_is_wider_than_the_smallest_phone(open_page, engine, mailed):
    from axe_playwright_python.sync_playwright import Axe

    page = open_page(viewport={"width": NARROWEST, "height": 600}, bypass_csp=True)
    long = "a.very.long.address.indeed.without.any.place.to.break@a-very-long-domain.example.org"
    subscribe(page, long)
    states = [page.url.removesuffix("/subscribe") + "/nowhere", *PAGES]
    confirm = mailed("confirm")["confirm"]
    with writing(engine) as connection:
        reader_id = readers.by_email(connection, long).id
    for url in [*states, confirm]:
        page.goto(url.replace("{paper}", dump(engine)["papers"][0].id))
        check(page, Axe())
    page.get_by_role("button", name="Yes, send me the digest").click()
    check(page, Axe())
    page.goto(states[1])
    subscribe(page, long, "moss\n" + "x" * 90)
    page.goto(mailed("manage")["topics"])
    check(page, Axe())
    page.get_by_role("button", name="Use my new topics").click()
    check(page, Axe())
    links = mailed("digest")
    another.add(engine, reader_id, "W" * 40, Preferences(), NOW)
    for url in (*(links["preferences"] + more for more in ("", "/another", "/delete")), links["unsubscribe"]):
        page.goto(url)
        check(page, Axe())
    page.get_by_role("button", name="Unsubscribe").click()
    check(page, Axe())
    assert readers.find(engine, reader_id).status is Status.UNSUBSCRIBED


# What stands in a line of text may be lower: its neighbours are no buttons (WCAG 2.2, 2.5.8).
TOO_LOW = """
[...document.querySelectorAll("a, button, input, select, textarea, summary, .choice")].filter((node) => {
  const height = node.getBoundingClientRect().height;
  const apart = getComputedStyle(node).display !== "inline" && !node.closest(".elsewhere, .choice > *");
  return apart && node.type !== "checkbox" && height && height < 43.5;
}).map((node) => node.outerHTML.slice(0, 100))
"""


def check(page, axe):
    for folded in page.locator("details").all():
        folded.evaluate("node => { node.open = true }")
    assert page.evaluate("document.documentElement.scrollWidth") <= NARROWEST, page.url
    assert page.evaluate(TOO_LOW) == [], page.url
    for scheme, asked in SCHEMES.items():
        page.emulate_media(color_scheme=scheme)
        found = axe.run(page, options=asked)
        assert found.violations_count == 0, f"{page.url}, {scheme}: {found.generate_report()}"
