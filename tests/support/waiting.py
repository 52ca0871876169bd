"""To wait for what another process does: as long as it takes, and not for ever."""

import time


def wait_until(true, seconds=20.0, why=lambda: "it did not happen in time"):
    """Wait until something is true, and give it; fail after so many seconds, and say why."""
    end = time.monotonic() + seconds
    while not (found := true()):
        assert time.monotonic() < end, why()
        time.sleep(0.02)
    return found
