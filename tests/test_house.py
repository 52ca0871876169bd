"""The house keeps its own rules: what is documented is there, and what is there is documented."""

import ast
import re
from pathlib import Path
from statistics import median

from alembic import command

from digest.cli.commands import COMMANDS
from digest.settings import Settings
from digest.store.engine import _alembic
from digest.topics import MOST_TOPICS, parse
from digest.topics.grammar import LONGEST_TOPIC, MOST_WORDS

ROOT = Path(__file__).parents[1]
# In lines. A budget is an alarm, not a law: past one, split by concept; these are where nobody argues any more.
MOST_OF_A_FILE, MOST_OF_A_FUNCTION, MEDIAN_OF_A_FUNCTION = 300, 40, 8
# Beside the rooms: what is no concept of its own, or holds them all.
MOST_LOOSE_MODULES = 6


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


def product():
    return [file for room in ("digest", "workers") for file in (ROOT / room).rglob("*.py")]


def functions():
    """Each function of the product, by where it is, and its length. A migration is a list, however long."""
    for file in product():
        if "migrations" not in file.parts:
            for node in ast.walk(ast.parse(file.read_text())):
                if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                    yield f"{file.relative_to(ROOT)}:{node.lineno} {node.name}", node.end_lineno - node.lineno + 1


def test_no_file_is_longer_than_one_can_keep_in_mind():
    lengths = {str(file.relative_to(ROOT)): len(file.read_text().splitlines()) for file in product()}
    assert {name: length for name, length in lengths.items() if length > MOST_OF_A_FILE} == {}


def test_no_function_is_longer_than_a_screen_and_most_are_short():
    lengths = dict(functions())
    assert {name: length for name, length in lengths.items() if length > MOST_OF_A_FUNCTION} == {}
    assert median(lengths.values()) <= MEDIAN_OF_A_FUNCTION


def test_the_product_is_rooms_and_few_loose_modules():
    loose = {file.name for file in (ROOT / "digest").glob("*.py")} - {"__init__.py"}
    assert len(loose) <= MOST_LOOSE_MODULES, loose


def test_what_tests_share_is_in_no_test_file():
    """Whoever changes a test breaks no other one; what several need is in tests/support/."""
    lending = re.compile(r"^from tests\.(\w+\.)*(test_\w+ import|\w+ import test_)", re.MULTILINE)
    assert [file.name for file in (ROOT / "tests").rglob("*.py") if lending.search(file.read_text())] == []
