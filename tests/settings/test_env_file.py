"""`.env`, as four programs read it, and what is said of lines that are no settings."""

import os
import re
import shlex
from pathlib import Path

import dotenv
import honcho.environ
import pytest

from digest.settings import BadSetting, Settings, load
from digest.settings.env_file import is_open_to_others

ROOT = Path(__file__).parents[2]


def systemd(text):
    """Read as systemd.exec(5), EnvironmentFile=, says: C-like quotes, no variables, `#` and `;` begin a comment."""
    lines = [line for line in text.splitlines() if line.strip() and line.lstrip()[0] not in "#;"]
    found = {}
    for name, value in (line.split("=", 1) for line in lines):
        bare = value.strip()
        found[name.strip()] = "".join(shlex.split(bare)) if bare[:1] in ("'", '"') else bare
    return found


def compose(text):
    """Read as docker compose's reference says: a blank and `#` end a value without quotes, `$` is a variable."""
    found = {}
    for line in text.splitlines():
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        name, value = line.split("=", 1)
        if quoted := re.fullmatch(r"\s*'([^']*)'\s*(#.*)?", value):
            found[name.strip()] = quoted[1]
        else:
            bare = re.sub(r"\s+#.*", "", value).strip()
            found[name.strip()] = re.sub(r"\$(\w+|\{\w+\})", "", bare)
    return found


def python_dotenv(text):
    import io

    return dict(dotenv.dotenv_values(stream=io.StringIO(text)))


AWKWARD = """\
DIGEST_MAIL_FROM='Lab Paper Digest <digest@example.org>'
DIGEST_SMTP_URL='smtps://me:p%23a%2Fss@a.example.org?weight=2 smtps://b.example.org?rate=14'
DIGEST_POSTAL_ADDRESS='1 Example Street; Example Town #4'
DIGEST_SOURCES=huggingface,arxiv
DIGEST_SECRET_KEY='$ecret `key` (old), "new"'
"""


@pytest.mark.parametrize("text", [AWKWARD, "example"])
def test_four_programs_read_the_same(text):
    if text == "example":
        text = re.sub(r"(?m)^#(?=DIGEST_)", "", (ROOT / ".env.example").read_text())
    read = python_dotenv(text)
    assert len(read) >= 5
    assert honcho.environ.parse(text) | {name: "" for name, value in read.items() if not value} == read
    assert systemd(text) == read
    assert compose(text) == read


def test_the_example_with_every_line_taken_is_what_holds_without_it(tmp_path):
    text = re.sub(r"(?m)^#(?=DIGEST_)", "", (ROOT / ".env.example").read_text())
    (tmp_path / ".env").write_text(text)
    assert load() == Settings()


def test_the_example_copied_as_it_is_changes_nothing(tmp_path):
    (tmp_path / ".env").write_text((ROOT / ".env.example").read_text())
    assert load() == Settings()


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("DIGEST_SMTP_URL: smtp://me:hush@mail.example.org", "line 2: write DIGEST_SMTP_URL=… with an equals sign"),
        ("DIGEST_MAIL_FROM='hush", "line 2: the quote that opens the value of DIGEST_MAIL_FROM is never closed"),
        ('DIGEST_MAIL_FROM="hush\nDIGEST_ENV=production', "line 2: the quote that opens the value of DIGEST_MAIL_FROM"),
        ("DIGEST_ENV", "line 2: this is not a setting: write DIGEST_ENV=…"),
        ("export DIGEST_ENV production", "line 2: this is not a setting"),
    ],
)
def test_a_line_that_is_no_setting_is_named_with_the_mend(tmp_path, line, said):
    (tmp_path / ".env").write_text(f"# mine\n{line}\n")
    with pytest.raises(BadSetting) as refused:
        load()
    assert str(refused.value).startswith(f".env, {said}")
    assert "hush" not in str(refused.value)


def test_other_peoples_lines_are_left_alone(tmp_path):
    (tmp_path / ".env").write_text("POSTGRES: x\nPATH_TO=1\nDIGEST_MAIL_DOMAIN=example.org\n")
    assert load().domain == "example.org"


def test_a_file_that_is_no_text_says_where(tmp_path):
    (tmp_path / ".env").write_bytes(b"DIGEST_MAIL_FROM=J\xfcrgen <j@example.org>\n")
    with pytest.raises(BadSetting, match=r"^\.env: it is not text in UTF-8 \(byte 19\)"):
        load()


def test_a_file_that_may_not_be_read_is_not_called_badly_encoded(tmp_path, monkeypatch):
    """As root everything can be read, so the refusal is the operating system's, by way of `open`."""
    import builtins

    def refuse(*_, **__):
        raise PermissionError(13, "Permission denied")

    (tmp_path / ".env").write_text("DIGEST_ENV=development\n")
    monkeypatch.setattr(builtins, "open", refuse)
    with pytest.raises(BadSetting, match="this user may not read it: `chown`"):
        load()


def test_a_folder_in_its_place_and_a_file_that_is_not_there_are_named(tmp_path):
    with pytest.raises(BadSetting, match="there is no such file of settings"):
        load(str(tmp_path / "none.env"))
    (tmp_path / ".env").mkdir()
    with pytest.raises(BadSetting, match=r"\.env: it cannot be read"):
        load()


def test_a_file_of_settings_can_be_named_from_anywhere(tmp_path, monkeypatch):
    (tmp_path / "mine.env").write_text("DIGEST_MAIL_DOMAIN=example.org\n")
    assert load(str(tmp_path / "mine.env")).domain == "example.org"
    monkeypatch.setenv("DIGEST_ENV_FILE", str(tmp_path / "mine.env"))
    assert load().domain == "example.org"


def test_who_else_may_read_a_file_is_seen(tmp_path):
    (tmp_path / ".env").touch(0o600)
    assert not is_open_to_others(str(tmp_path / ".env"))
    (tmp_path / ".env").chmod(0o644)
    assert is_open_to_others(str(tmp_path / ".env"))
    (tmp_path / ".env").chmod(0o640)
    assert is_open_to_others(str(tmp_path / ".env"))


def test_a_file_that_root_hands_to_the_service_by_its_group_is_closed(tmp_path, monkeypatch):
    (tmp_path / ".env").touch(0o640)
    (tmp_path / ".env").chmod(0o640)
    monkeypatch.setattr(os, "getuid", lambda: os.stat(tmp_path).st_uid + 1)
    assert not is_open_to_others(str(tmp_path / ".env"))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("A=b\n\nDIGEST_ENV=x" + " " * 37_000 + "y\n", "line 3: it has 1,000 blanks in a row"),
        ("A=b\n" * 20_000, "it has more than 65,536 characters"),
    ],
)
def test_what_would_take_long_to_read_is_refused_and_told_where(tmp_path, text, said):
    (tmp_path / "long.env").write_text(text)
    with pytest.raises(BadSetting, match=said):
        load(str(tmp_path / "long.env"))
    (tmp_path / "long.env").write_text("\n" * 5_000 + "# " + "-" * 5_000 + "\nDIGEST_ENV=development\n")
    assert load(str(tmp_path / "long.env")).env == "development"
