"""The house keeps its own rules: what is documented is there, and what is there is documented."""

import re
from pathlib import Path

import pytest
from alembic import command

from digest.settings import DEVELOPMENT_KEY, BadSetting, Settings, load
from digest.store.engine import _alembic
from digest.topics import MOST_TOPICS, parse
from digest.topics.grammar import LONGEST_TOPIC, MOST_WORDS

ROOT = Path(__file__).parents[1]


def test_every_setting_is_in_the_example():
    example = (ROOT / ".env.example").read_text()
    assert [name for name in Settings.model_fields if f"DIGEST_{name.upper()}=" not in example] == []


def test_every_command_is_in_the_readme():
    import typer

    from digest.cli import app

    readme = (ROOT / "README.md").read_text()
    assert [name for name in typer.main.get_command(app).commands if f"`digest {name}" not in readme] == []


def test_the_tables_are_what_the_revisions_make(engine):
    with engine.connect() as connection:
        command.check(_alembic(connection))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SMTP_URL", "mail.example.org"),
        ("BASE_URL", "ftp://x"),
        ("ENV", "staging"),
        ("NOW", "soon"),
        ("NOW", "0001-01-01T00:00+14:00"),
        ("NOW", "9999-12-31T23:59:59.999999"),
        ("SOURCES", ","),
        ("DATABASE_URL", "postgresql://example.org:port/digest"),
        ("DATABASE_URL", "sqlite+nonsense:///digest.sqlite3"),
        ("DATABASE_URL", "sqlite://example.org/digest.sqlite3"),
        ("DATABASE_URL", "sqlite:digest.sqlite3"),
        ("BASE_URL", "https://"),
        ("BASE_URL", "https:///path"),
        ("BASE_URL", "https://example.org?q"),
        ("BASE_URL", "https://example.org#q"),
    ],
)
def test_a_wrong_setting_names_itself(monkeypatch, name, value):
    monkeypatch.setenv(f"DIGEST_{name}", value)
    with pytest.raises(BadSetting, match=f"DIGEST_{name}: "):
        load()


@pytest.mark.parametrize("stray", ["\r\nBcc: eve@example.org", "\n", "\t", "\x7f", "\u2028", " x", "\u202e"])
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("BASE_URL", "https://example.org/{}x"),
        ("HUGGINGFACE_URL", "https://example.org{}"),
        ("ARXIV_URL", "https://example.org{}"),
        ("BROKER_URL", "redis://localhost{}:6379/0"),
        ("SMTP_URL", "smtp://{}localhost:25"),
        ("BOUNCE_MAILBOX_URL", "imap://me@example.org/IN{}BOX"),
        ("MAIL_DOMAIN", "example{}.org"),
        ("MAIL_FROM", "Digest <digest{}@example.org>"),
        ("OPERATOR_EMAIL", "ada{}@example.org"),
    ],
)
def test_what_reaches_headers_holds_no_blank_and_no_end_of_a_line(name, value, stray):
    load(**{name.lower(): value.format("")})
    with pytest.raises(BadSetting, match=f"DIGEST_{name}: "):
        load(**{name.lower(): value.format(stray)})


@pytest.mark.parametrize("stray", ["\r\nBcc: eve@example.org", "\n", "\t", "\u2028"])
def test_the_senders_name_may_hold_spaces_but_ends_no_line(stray):
    assert load(mail_from="The Pâper Digest <digest@example.org>").domain == "example.org"
    with pytest.raises(BadSetting, match="DIGEST_MAIL_FROM: take out the control characters"):
        load(mail_from=f"The{stray}Digest <digest@example.org>")


def test_an_env_file_that_is_no_text_is_one_line(tmp_path):
    (tmp_path / ".env").write_bytes(b"\xff\xfe")
    with pytest.raises(BadSetting, match=r"^\.env: "):
        load()


FIT = {
    "env": "production",
    "secret_key": "0123456789abcdef,fedcba9876543210",
    "base_url": "https://example.org/digest",
    "mail_from": "digest@example.org",
    "postal_address": "1 Example Street",
}


def test_production_says_at_once_all_that_it_needs(monkeypatch):
    assert load(**FIT).env == "production"
    monkeypatch.setenv("DIGEST_ENV", "production")
    with pytest.raises(BadSetting) as refused:
        load()
    for name in ("SECRET_KEY", "BASE_URL", "MAIL_FROM", "POSTAL_ADDRESS"):
        assert f"DIGEST_{name}: " in str(refused.value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("secret_key", "x"),
        ("secret_key", "0123456789abcdef,short"),
        ("secret_key", f"0123456789abcdef,{DEVELOPMENT_KEY}"),
        ("base_url", "http://example.org"),
        ("base_url", "https://localhost"),
        ("base_url", "https://127.0.0.1:8443"),
        ("base_url", "https://me:secret@example.org"),
        ("mail_from", "Paper Digest <digest@localhost>"),
        ("postal_address", "   "),
    ],
)
def test_production_refuses_what_cannot_be_used_and_development_does_not(name, value):
    with pytest.raises(BadSetting, match=f"^DIGEST_{name.upper()}: [^;]*$") as refused:
        load(**FIT | {name: value})
    assert "secret@" not in str(refused.value)
    load(**FIT | {name: value, "env": "development"})


def test_every_topic_in_the_documentation_can_be_read():
    rows = re.findall(r"^\| `(.+?)` \|", (ROOT / "docs" / "topics.md").read_text(), re.MULTILINE)
    assert len(rows) > 10
    for written in rows:
        profile = parse(written.replace(r"\|", "|"))
        assert (profile.errors, len(profile.topics + profile.exclusions)) == ((), 1)


def test_the_limits_in_the_documentation_are_those_of_the_language():
    said = " ".join((ROOT / "docs" / "topics.md").read_text().split())
    assert f"at most {LONGEST_TOPIC} characters and {MOST_WORDS} words; a reader has at most {MOST_TOPICS}" in said
