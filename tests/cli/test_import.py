"""Readers from files of other programs: encodings, separators, columns, broken rows, a thousand at a time."""

import csv
import io

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from digest.cli.readers.importing import first_due
from digest.cli.readers.table import neutral, restored, rows
from digest.domain import Cadence, Preferences
from tests.support.command import Digest
from tests.support.examples import some
from tests.support.factories import NOW


@pytest.fixture
def digest(sqlite, tmp_path):
    return Digest(database_url=sqlite(tmp_path))


@pytest.fixture
def imported(digest, tmp_path):
    def imported(content, *words):
        (tmp_path / "in.csv").write_bytes(content if isinstance(content, bytes) else content.encode())
        digest("readers", "import", str(tmp_path / "in.csv"), *words)
        told = digest.out, digest.err, digest.code
        found = {row["email"]: row for row in digest("readers", "list", "--json").rows}
        digest.out, digest.err, digest.code = told
        return found

    return imported


TABLE = 'E-Mail Address,Interests,Name\nada@example.org,"naïve Bayes, RAG",Zoë\nbob@example.org,,Bob\n'


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "latin-1", "cp1252"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_a_file_is_read_in_the_encoding_it_has(imported, encoding, end):
    found = imported(TABLE.replace("\n", end).encode(encoding))
    assert {email: row["topics"] for email, row in found.items()} == {
        "ada@example.org": ["naïve Bayes", "RAG"],
        "bob@example.org": [],
    }


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize("first", ["", "sep={}\n"])
def test_a_file_is_read_with_the_separator_it_has(imported, separator, first):
    out = io.StringIO()
    csv.writer(out, delimiter=separator).writerows(
        [["Name", "mail", "Keywords"], ["A, B; C", "ada@example.org", "a, b"]]
    )
    assert imported(first.format(separator) + out.getvalue())["ada@example.org"]["topics"] == ["a", "b"]


@pytest.mark.parametrize(
    ("header", "column"),
    [
        ("Email", "email"),
        ("E-Mail Address", "email"),
        ("email_address", "email"),
        ("mail", "email"),
        ("MAIL", "email"),
        ("E-Mail-Adresse", "email"),
        ("email,Interests", "topics"),
        ("email,Keywords", "topics"),
        ("email,Time Zone", "timezone"),
        ("email,TZ", "timezone"),
        ("email,Frequency", "cadence"),
        ("email,Max papers", "most_papers"),
    ],
)
def test_the_usual_names_of_columns_are_known(tmp_path, header, column):
    (tmp_path / "in.csv").write_text(f"{header}\nx,x\n")
    [line] = rows(tmp_path / "in.csv")
    assert line.cells[column] == "x"


def test_our_own_name_counts_where_there_are_several(imported):
    assert imported("Address,email\n1 Example Street,ada@example.org\n").keys() == {"ada@example.org"}


BROKEN = [
    (b"\xff@example.org,", "UTF-8 text|only a guess"),
    (b"x@example.org,RA\x00G", "UTF-8 text"),
    (b'x@example.org,"RAG', "it cannot be read as a row"),
    (b'x@example.org,"R"AG', "it cannot be read as a row"),
    (b"x@example.org," + b"x" * 200_000, "far too long"),
    (b"x@example.org,auther:hinton", "topics: "),
    (b"x,", "email: "),
    (b"x@example.org,,0001-01-01T00:00:00+23:59", "paused_until: "),
    (b"x@example.org,,9999-12-31T23:59:59-23:59", "paused_until: "),
    (b",RAG", "email: "),
    (b"\xc3@example.org,\xc3\xa9", "UTF-8 text"),
]


@pytest.mark.parametrize(("row", "told"), BROKEN)
def test_a_broken_row_loses_none_of_those_after_it(imported, digest, row, told):
    after = b"".join(b"r%d@example.org,RAG\n" % number for number in range(300))
    found = imported(b"email,topics,paused_until\nada@example.org,\n" + row + b"\n" + after)
    assert len(found) == 301
    assert digest.code == 1
    assert digest.err.startswith("line 3: ")
    assert any(piece in digest.err for piece in told.split("|"))
    assert "301 added (301 active), 0 on the list already, 1 line with mistakes." in digest.out


def test_every_mistake_of_a_row_is_told_and_not_all_of_a_bad_file(imported, digest):
    imported("email,hour,timezone\n" + "nobody,25,Mars\n" * 100)
    assert all(f"{field}: " in digest.err.splitlines()[0] for field in ("email", "hour", "timezone"))
    assert len(digest.err.splitlines()) == 22
    assert "--rejects FILE" in digest.err


def test_what_was_set_aside_can_be_mended_and_imported(imported, digest, tmp_path):
    rejects = tmp_path / "rejects.csv"
    imported('email;topics\nada@example.org;RAG\nbob@;"a, b"\n', "--rejects", str(rejects))
    assert rejects.read_text() == 'email;topics\nbob@;"a, b"\n'
    assert imported(rejects.read_text().replace("bob@", "bob@example.org")).keys() == {
        "ada@example.org",
        "bob@example.org",
    }
    assert digest.code == 0


def test_trying_changes_nothing_and_says_the_same(imported, digest):
    content = "email\nada@example.org\nADA@example.org\nbob\n"
    assert imported(content, "--dry-run") == {}
    assert digest.out == "1 would be added (1 active), 1 on the list already, 1 line with mistakes.\n"
    imported(content)
    assert digest.out == "1 added (1 active), 1 on the list already, 1 line with mistakes.\n"


def test_who_is_on_the_list_stays_as_they_are(imported, digest):
    digest("readers", "add", "ada@example.org", "--topic", "mine")
    assert imported("email,topics\nAda@example.org,theirs\n")["ada@example.org"]["topics"] == ["mine"]


def test_the_first_digest_comes_at_the_readers_own_hour(imported):
    found = imported("email,hour,timezone\nada@example.org,7,Asia/Tokyo\nbob@example.org,20,UTC\n")
    assert found["ada@example.org"]["next_due_at"] == "2025-12-24T22:00:00+00:00"
    assert found["bob@example.org"]["next_due_at"] == "2025-12-24T20:00:00+00:00"


def test_first_digests_are_spread_over_days_at_the_same_hour(imported):
    content = "email,hour\n" + "".join(f"r{number}@example.org,7\n" for number in range(60))
    moments = [row["next_due_at"] for row in imported(content, "--spread", "3d").values()]
    assert {moment[11:] for moment in moments} == {"07:00:00+00:00"}
    # From six in the evening on, three days later at six in the evening is the morning after.
    assert sorted({moment[:10] for moment in moments}) == [f"2025-12-{day}" for day in (25, 26, 27, 28)]


def test_a_weekly_reader_waits_for_monday_however_it_is_spread():
    weekly = Preferences(cadence=Cadence.WEEKLY)
    assert first_due(weekly, "ada@example.org", NOW, NOW - NOW).strftime("%A %H") == "Monday 07"


@pytest.mark.parametrize("spread", ["3", "d", "-1d", "1000d", "3 days", "1w"])
def test_a_spread_that_is_no_time_is_misused(imported, digest, spread):
    imported("email\nada@example.org\n", f"--spread={spread}")
    assert (digest.code, "--spread" in digest.err) == (2, True)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "the first line must name the columns"),
        ("\n\n", "the first line must name the columns"),
        ("ada@example.org\nbob@example.org\n", "it names no column"),
        ("Name;Phone\nAda;1\n", "it names Name, Phone"),
        ("email,Email\na@example.org,b@example.org\n", "names email more than once"),
        (b"\xff\xfee", "not utf-16 text"),
        ('email,"topics" x\nada@example.org,b\n', "the first line must name the columns"),
        ('"email;topics\nada@example.org,b\n', "cannot be read as a row"),
        ("email," + "a" * 200_000 + "\nada@example.org,b\n", "cannot be read as a row"),
    ],
)
def test_a_file_whose_first_line_does_not_help_is_one_line(imported, digest, content, said):
    assert imported(content) == {}
    assert (digest.code, digest.err.count("\n")) == (2, 1)
    assert said in digest.err


def test_no_cell_of_an_export_is_a_formula_and_all_come_back(imported, digest, tmp_path):
    cells = ["-survey", "=1+1", "+a", "@author", "'=quoted", "plain"]
    digest("readers", "add", "=cmd@example.org", "--topic", "-survey", "--topic", "RAG")
    exported = digest("readers", "export").out
    assert not any(cell[:1] in "=+-@" for row in csv.reader(io.StringIO(exported)) for cell in row if cell)
    digest("readers", "forget", "=cmd@example.org")
    assert set(imported(exported)) == {"=cmd@example.org"}
    assert digest("readers", "export").out == exported
    assert [restored(neutral(cell)) for cell in cells] == cells
    # A file of the last version has no apostrophes.
    digest("readers", "forget", "=cmd@example.org")
    assert set(imported(exported.replace("'", ""))) == {"=cmd@example.org"}
    assert digest("readers", "export").out == exported


@given(st.text(max_size=30))
def test_every_cell_comes_back_as_it_was(cell):
    assert restored(neutral(cell)) == cell
    assert neutral(cell)[:1] not in ("=", "+", "-", "@", "\t", "\r")


@given(st.binary(max_size=300))
@settings(max_examples=some(60), suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_bytes_break_the_reading_or_lose_the_rows_after(tmp_path, junk):
    junk = junk.replace(b"\r", b" ").replace(b"\n", b" ")
    file = tmp_path / "in.csv"
    file.write_bytes(b"email,topics\n\xc3\xa9@example.org,\n" + junk + b"\n" + b"last@example.org,\n" * 250)
    found = list(rows(file))
    assert sum(line.cells.get("email") == "last@example.org" for line in found) == 250
