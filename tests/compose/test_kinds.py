"""The table of kinds is whole: each kind has its row, its folder, and what the row says of its mails."""

from email import message_from_bytes

import pytest

from digest import paths
from digest.compose.kinds import RULES
from digest.domain import Kind, Status
from tests.emails import COMPOSER, a_delivery

LETTERS = [kind for kind, rule in RULES.items() if not rule.has_papers]


def test_every_kind_has_a_row():
    assert set(RULES) == set(Kind) - {Kind.UNKNOWN}


@pytest.mark.parametrize("kind", RULES)
def test_every_folder_of_a_kind_is_complete(kind):
    for folder in RULES[kind].folders:
        files = {file.name for file in (paths.templates() / "email" / folder).iterdir()}
        assert {"subject.txt", "body.txt", "body.html"} <= files


@pytest.mark.parametrize("kind", LETTERS)
def test_only_mails_on_the_list_bear_its_headers_and_the_readers_keys(kind):
    recipient = "" if RULES[kind].on_list else "other@example.org"
    mail = message_from_bytes(COMPOSER.letter(a_delivery(kind, recipient=recipient)).content)
    assert ("List-Unsubscribe" in mail) is RULES[kind].on_list
    text = mail.get_payload()[0].get_payload(decode=True).decode()
    assert ("/preferences/" in text or "/unsubscribe/" in text) is RULES[kind].on_list


def test_nobody_who_complained_is_written_to():
    assert all(Status.COMPLAINED not in rule.statuses for rule in RULES.values())
