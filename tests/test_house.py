"""The house keeps its own rules: what is documented is there, and what is there is documented."""

from pathlib import Path

import pytest
from alembic import command

from digest.settings import BadSetting, Settings, load
from digest.store.engine import _alembic

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
    [("SMTP_URL", "mail.example.org"), ("BASE_URL", "ftp://x"), ("ENV", "staging"), ("NOW", "soon"), ("SOURCES", "")],
)
def test_a_wrong_setting_names_itself(monkeypatch, name, value):
    monkeypatch.setenv(f"DIGEST_{name}", value or ",")
    with pytest.raises(BadSetting, match=f"DIGEST_{name}"):
        load()


def test_production_refuses_development_defaults(monkeypatch):
    monkeypatch.setenv("DIGEST_ENV", "production")
    with pytest.raises(BadSetting, match="DIGEST_SECRET_KEY"):
        load()
