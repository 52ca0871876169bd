"""Tables: for people on a terminal of 80 columns, for programs with tabs."""

import io
from datetime import UTC, datetime

import pytest
from rich.console import Console

from digest.cli import console
from digest.cli.console import print_table

ADDRESS = "a.very.long.address.indeed.without.any.place.to.break@a-very-long-domain.example.org"
ROWS = [(ADDRESS, 1200, datetime(2025, 12, 24, 18, tzinfo=UTC), "[/b] [red]agents[/red]"), ("b", 7, "", "x")]


@pytest.fixture
def on_terminal(monkeypatch):
    def printed(*table, **options):
        written = io.StringIO()
        monkeypatch.setattr(console, "console", Console(file=written, force_terminal=True, color_system=None, width=80))
        print_table(*table, **options)
        return [line.rstrip() for line in written.getvalue().splitlines()]

    return printed


def test_on_a_terminal_nothing_is_cut_counts_stand_to_the_right_and_no_topic_is_markup(on_terminal):
    lines = on_terminal("[/x]", ("Email", "Mails", "Due", "Topic"), ROWS)
    assert lines[0] == "[/x]"
    assert max(map(len, lines)) <= 80
    assert "1,200" in lines[2]
    column = lines[1].index("Mails")
    assert lines[-1][column : column + 5] == "    7"
    assert "2025-12-24" in " ".join(lines)
    assert "+00:00" not in " ".join(lines)
    assert "[/b]" in " ".join(lines)
    assert "".join(line.split("  ")[0] for line in lines[2:-1]) == ADDRESS


def test_an_empty_table_says_so_to_people_and_nothing_to_programs(on_terminal, capsys):
    assert on_terminal("Last mails", ("Due", "Mail"), [], keep_title=True) == ["Last mails", "none", ""]
    print_table("", ("Due", "Mail"), [])
    assert capsys.readouterr().out == ""


def test_elsewhere_cells_are_as_they_are_stored(capsys, monkeypatch):
    monkeypatch.setattr(console, "console", Console(force_terminal=False))
    print_table("", ("Email", "Mails", "Due", "Topic"), ROWS[:1])
    assert capsys.readouterr().out == f"{ADDRESS}\t1200\t2025-12-24 18:00:00+00:00\t[/b] [red]agents[/red]\n"


def test_what_strangers_wrote_is_printed_as_it_is(capsys):
    console.console.print("[/x] [red]agents[/red] :fire:")
    assert capsys.readouterr().out == "[/x] [red]agents[/red] :fire:\n"
