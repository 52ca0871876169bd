"""A round keeps its connections from group to group, and hangs up at its end."""

from digest.jobs.delivery import round as rounds
from digest.transport import pace


def test_a_round_of_many_groups_opens_its_connections_once(service, monkeypatch):
    """On SQLite nobody can see whether another process waits, so each group gives all back."""
    monkeypatch.setattr(rounds, "GROUP", 5)
    monkeypatch.setattr(pace, "SECONDS_UNTIL_SLOW", 60)
    service.admits_many(20)
    service.sends()
    assert len(set(service.mail_server.recipients)) == len(service.mail_server.recipients) == 20
    keeps = service.engine.dialect.name == "postgresql"
    assert service.mail_server.connections == (1 if keeps else 4)
