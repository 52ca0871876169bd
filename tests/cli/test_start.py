"""What a command imports: a mail server pays for it with each message. Also: what `--help` says is in the files."""

import os
import subprocess
import sys
from importlib import import_module

import pytest
import typer

from digest.cli.commands import COMMANDS

HEAVY = {
    "pydantic",
    "sqlalchemy",
    "alembic",
    "structlog",
    "rich",
    "celery",
    "httpx",
    "jinja2",
    "cryptography",
    "aiosmtplib",
    "asyncio",
    "starlette",
    "selectolax",
    "dns",
    "redis",
    "email_validator",
    "Stemmer",
    "css_inline",
}


def imported(*words, stdin="", **settings):
    """The modules that a command imports, those within packages by the package's name."""
    code = (
        "import sys\n"
        "from digest.cli import main\n"
        "try: main()\n"
        "except SystemExit as end: code = end.code\n"
        "print('\\n' + ' '.join(sys.modules), code or 0, file=sys.stderr)"
    )
    environment = os.environ | {f"DIGEST_{name.upper()}": value for name, value in settings.items()}
    ran = subprocess.run(
        [sys.executable, "-c", code, *words], input=stdin, env=environment, capture_output=True, text=True, check=True
    )
    *modules, ended = ran.stderr.splitlines()[-1].split()
    assert ended == "0", ran.stderr
    return {module.partition(".")[0] for module in modules} | {m for m in modules if m.startswith("digest.")}


@pytest.mark.parametrize("words", [["--help"], ["--version"]])
def test_saying_what_there_is_imports_none_of_it(words):
    found = imported(*words)
    assert found & HEAVY == set()
    assert {module for module in found if module.startswith("digest.")} == {
        "digest.cli",
        "digest.cli.commands",
        "digest.cli.errors",
    }


def test_explaining_a_message_imports_no_database_and_no_service():
    found = imported("bounce", "--explain", stdin="Subject: Hello\n\nHello.\n")
    assert found & HEAVY <= {"pydantic"}  # typer's own, for options that are lists
    assert not {module for module in found if module.startswith(("digest.store", "digest.jobs", "digest.settings"))}


def test_taking_a_message_in_imports_the_database_and_little_else(sqlite, tmp_path):
    found = imported("bounce", stdin="Subject: Hello\n\nHello.\n", database_url=sqlite(tmp_path))
    assert found & HEAVY <= {"pydantic", "sqlalchemy", "asyncio"}


@pytest.mark.parametrize("name", COMMANDS)
def test_what_help_says_of_a_command_is_what_the_command_says(name):
    module = import_module(f"digest.cli.{COMMANDS[name].module}")
    command = typer.main.get_command(module.app)
    assert command.help.strip().splitlines()[0].startswith(COMMANDS[name].help.split(",")[0].rstrip("."))
