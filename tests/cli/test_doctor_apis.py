"""What `digest doctor` finds at a provider's HTTP interface."""

import pytest

from digest.bootstrap import Service
from digest.cli.doctor import Health, apis, relays
from digest.settings import Settings
from digest.settings.servers import Relay
from digest.transport import ses
from tests.support.ses_server import REGION, WELL, SesServer, refusal


@pytest.mark.parametrize(
    ("account", "options", "health", "said"),
    [
        (WELL, "&rate=14", Health.FINE, "14 a second, 50,000 a day, 7 sent"),
        (WELL, "", Health.WARNING, "write ?rate=14"),
        (WELL, "&rate=20", Health.WARNING, "write ?rate=14"),
        (WELL | {"ProductionAccessEnabled": False}, "", Health.WARNING, "sandbox"),
        (WELL | {"SendingEnabled": False}, "", Health.BROKEN, "paused"),
        (WELL | {"EnforcementStatus": "PROBATION"}, "", Health.WARNING, "under review"),
        (
            WELL | {"SendQuota": {"Max24HourSend": 200.0, "SentLast24Hours": 200.0}},
            "",
            Health.BROKEN,
            "of a day are sent",
        ),
        (WELL | {"SendQuota": {"Max24HourSend": -1.0}}, "", Health.FINE, "any number a day"),
        (WELL | {"SendQuota": "much"}, "", Health.FINE, "takes mail"),
        ({}, "", Health.BROKEN, "paused"),
        (refusal(403, "SignatureDoesNotMatch"), "", Health.BROKEN, "correct the secret"),
        (refusal(403, "InvalidClientTokenId"), "", Health.BROKEN, "correct the key"),
        (refusal(403, "AccessDeniedException"), "", Health.WARNING, "ses:GetAccount"),
        (b"220 ESMTP\r\n\r\n", "", Health.BROKEN, "over HTTPS"),
    ],
)
def test_what_a_provider_says_of_the_account_is_told_with_the_mend(monkeypatch, account, options, health, said):
    monkeypatch.setattr(ses, "SECONDS_FOR_THE_ACCOUNT", 0.0)
    monkeypatch.setattr(ses, "SECONDS_TO_CONNECT", 1.0)
    with SesServer(account=account) as server:
        found = apis.look(Relay.at(server.url + options))
    assert (found.what, found.health, said in f"{found.said} {found.todo}") == (f"relay ses:{REGION}", health, True)


def test_a_provider_that_is_away_is_broken():
    with SesServer() as server:
        service = Service(Settings(smtp_url=server.url))
    [found] = relays.look(service)
    assert (found.what, found.health) == (f"relay ses:{REGION}", Health.BROKEN)
