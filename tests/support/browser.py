"""The browser of the tests: Debian's Chromium, with nothing that asks the network; see the fixture `chromium`."""

import threading
from contextlib import contextmanager
from pathlib import Path

import pytest
import uvicorn

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
# What axe is asked in each: a scheme changes the colours of a page, and nothing else.
FAULTS = {"resultTypes": ["violations"]}
SCHEMES = {"light": FAULTS, "dark": FAULTS | {"runOnly": ["color-contrast", "link-in-text-block"]}}
NEEDS_CHROMIUM = [
    pytest.mark.slow,
    pytest.mark.skipif(not CHROMIUM.exists(), reason="there is no /usr/bin/chromium: apt-get install chromium"),
]


@contextmanager
def serving(app, listener):
    """Run uvicorn in a thread on a socket that listens already, so that nobody has to wait for it."""
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, ws="none"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    yield
    server.should_exit = True
    thread.join()
