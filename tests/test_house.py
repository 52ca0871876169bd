"""The house keeps its own rules: what is documented is there, and what is there is documented."""

import re
from pathlib import Path

from alembic import command

from digest.cli.commands import COMMANDS
from digest.settings import Settings
from digest.store.engine import _alembic
from digest.topics import MOST_TOPICS, parse
from digest.topics.grammar import LONGEST_TOPIC, MOST_WORDS

ROOT = Path(__file__).parents[1]


def test_every_setting_is_in_the_example():
    example = (ROOT / ".env.example").read_text()
    assert [name for name in Settings.model_fields if f"DIGEST_{name.upper()}=" not in example] == []


def test_every_command_is_in_the_readme():
    readme = (ROOT / "README.md").read_text()
    assert [name for name in COMMANDS if f"`digest {name}" not in readme] == []


def test_the_tables_are_what_the_revisions_make(engine):
    with engine.connect() as connection:
        command.check(_alembic(connection))


def test_every_topic_in_the_documentation_can_be_read():
    rows = re.findall(r"^\| `(.+?)` \|", (ROOT / "docs" / "topics.md").read_text(), re.MULTILINE)
    assert len(rows) > 10
    for written in rows:
        profile = parse(written.replace(r"\|", "|"))
        assert (profile.errors, len(profile.topics + profile.exclusions)) == ((), 1)


def test_the_limits_in_the_documentation_are_those_of_the_language():
    said = " ".join((ROOT / "docs" / "topics.md").read_text().split())
    assert f"at most {LONGEST_TOPIC} characters and {MOST_WORDS} words; a reader has at most {MOST_TOPICS}" in said
