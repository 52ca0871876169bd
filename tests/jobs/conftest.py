"""What tests of rounds begin with."""

import pytest

from tests.support.factories import a_paper


@pytest.fixture
def two(service):
    """A service with Ada and Bob, who both are due, and a paper for them."""
    service.collects(a_paper(title="Speculative decoding"))
    for email in ("ada@example.org", "bob@example.org"):
        service.admits(email, "speculative decoding")
    return service
