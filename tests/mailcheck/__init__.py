"""What strangers' programs make of every kind of mail: SpamAssassin, the data of caniemail, mutt and s-nail.

`make mailcheck`, or `python -m tests.mailcheck`. It installs nothing: what it lacks, it names, with the way to get it.
All of it runs on this machine; SpamAssassin makes its local tests only.
"""

from __future__ import annotations

import json
import mailbox
import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

from digest.compose import Letter, opened
from digest.domain import Mail
from digest.sample.mails import compose
from tests.emails import COMPOSER
from tests.mailcheck.words import visible
from tests.support.factories import NOW

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
# A mail as spam has 5 points in SpamAssassin's eyes.
MOST_POINTS = 0.5
PATIENCE_SECONDS = 120
# What some mail program does not know, and why that does not matter.
EXCEPTIONS = {
    "@media": "holds the dark colours alone: without them the light ones stand, or the program darkens by itself",
    "<body> element": "becomes a <div>; the ground's colour is on the table within, too",
    "display:none": "hides the preview line: where it shows, it is one more line of true text",
    "overflow": "belongs to the preview line, as above",
    "aria-label attribute": "names the mail to a screen reader, as its title and first heading do",
    "role attribute": "tells a screen reader that a table is layout; its one cell reads in order all the same",
    "word-break": "breaks endless words; where it is unknown, overflow-wrap does, or the page scrolls",
    "overflow-wrap": "breaks endless words; where it is unknown, word-break does",
    "Local anchors": "lead from the list at the top to a paper: where they do not, it stands below in the same order",
    "border-radius": "rounds the corners of the button and of pictures; Outlook's are square",
    "<bdi> element": "keeps names of both directions in order within a line; without it all of them can be read",
}


class Lacking(Exception):
    """A program that is not here; the text says how to get it."""


Findings = Iterator[tuple[str, bool, str]]


def spamassassin(mails: Mapping[str, Mail]) -> Findings:
    """Score each mail."""
    _need("spamassassin", "apt-get install spamassassin")
    for name, mail in mails.items():
        report = _said(["spamassassin", "-L", "-t"], mail.content)
        found = re.search(r"^X-Spam-Status: .*?score=(-?[\d.]+)", report, re.MULTILINE)
        points = float(found[1]) if found else float("inf")
        rules = re.findall(r"^ *([1-9]\d*\.\d|0\.[1-9]) ([A-Z_\d]+)", report, re.MULTILINE)
        yield name, points <= MOST_POINTS, f"{points} points" + "".join(f", {rule} {score}" for score, rule in rules)


def caniemail(mails: Mapping[str, Mail], folder: Path) -> Findings:
    """Look each mail's HTML and CSS up in what mail programs can do."""
    install = f"npm install --prefix {os.path.relpath(ROOT / 'var/mailcheck')} @jsx-email/doiuse-email"
    _need("node", f"apt-get install nodejs npm, then {install}")
    where = next((at for at in (ROOT / "var/mailcheck", ROOT) if (at / "node_modules/@jsx-email").exists()), None)
    if where is None:
        raise Lacking(f"there is no @jsx-email/doiuse-email: {install}")
    files = []
    for name, mail in mails.items():
        files.append(folder / f"{name}.html")
        files[-1].write_text(opened(mail.content).html)
    lacking = json.loads(_said(["node", HERE / "caniemail.mjs", where, *files]))
    for feature, programs in sorted(lacking.items()):
        reason = EXCEPTIONS.get(feature, "NO REASON IS GIVEN FOR THIS")
        yield feature, feature in EXCEPTIONS, f"not in {', '.join(programs)}: {reason}"


def s_nail(mails: Mapping[str, Mail], folder: Path) -> Findings:
    """Let s-nail print each part of each mail from a maildir."""
    _need("s-nail", "apt-get install s-nail")
    # Its own reader of HTML, and that part before the text.
    rich = b"mimetype ?h text/html htm html\nset mime-alternative-favour-rich\n"
    for name, mail in mails.items():
        at = _maildir(folder / f"s-nail-{name}", mail)
        command = ["s-nail", "-n", "-R", "-S", "ttycharset=UTF-8", "-f", at]
        plain, html = (_said(command, first + b"type 1\nexit\n") for first in (b"", rich))
        yield name, *_shows(opened(mail.content), plain, html)


def mutt(mails: Mapping[str, Mail], folder: Path) -> Findings:
    """Let mutt print each part of each mail from a maildir, on a terminal of its own."""
    for program, package in (("mutt", "mutt"), ("script", "bsdutils")):
        _need(program, f"apt-get install {package}")
    (folder / "mailcap").write_text(f"text/html; {HERE / 'words.py'} %s; copiousoutput\n")
    for name, mail in mails.items():
        at = _maildir(folder / f"mutt-{name}", mail)
        shown = [_piped_from_mutt(folder, at, kind) for kind in ("plain", "html")]
        yield name, *_shows(opened(mail.content), *shown)


def _piped_from_mutt(folder: Path, box: Path, kind: str) -> str:
    out, settings = folder / f"{box.name}-{kind}", folder / "muttrc"
    settings.write_text(
        f"set pipe_decode charset=utf-8 wait_key=no mailcap_path={folder}/mailcap\n"
        f"auto_view text/html\nunalternative_order *\nalternative_order text/{kind}\n"
        f'push "<pipe-message>cat > {out}<enter><exit>"\n'
    )
    _said(["script", "--quiet", "--command", f"mutt -n -F {settings} -R -f {box}", "/dev/null"], given=None)
    return out.read_text(errors="replace") if out.exists() else ""


def _shows(letter: Letter, plain: str, html: str) -> tuple[bool, str]:
    """Whether every word of the text part, and of the HTML part, is on the screen."""
    missing = [
        f"{part} misses {word!r}"
        for part, words, screen in (("text", letter.text, plain), ("html", visible(letter.html), html))
        for word in _words(words)
        if word not in _words(screen)
    ]
    return not missing, "; ".join(missing[:3]) or "shows both parts"


def _words(text: str) -> set[str]:
    # Readers break lines, and endless words, where they like.
    return {word for word in re.findall(r"[^\W_]+", text) if len(word) < 20}


def _maildir(path: Path, mail: Mail) -> Path:
    box = mailbox.Maildir(path, create=True)
    # As a mail server puts it there.
    box.add(mail.content.replace(b"\r\n", b"\n"))
    box.close()
    return path


def _need(program: str, install: str) -> None:
    if not shutil.which(program):
        raise Lacking(f"there is no {program}: {install}")


def _said(command: list[object], given: bytes | None = b"") -> str:
    """Run a program and return what it prints; with None it is given a keyboard that nobody touches."""
    environment = os.environ | {"LC_ALL": "C.UTF-8", "TERM": "xterm", "COLUMNS": "120", "LINES": "40"}
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
    with subprocess.Popen([str(part) for part in command], env=environment, **pipes) as program:
        if given is not None:
            return program.communicate(given, PATIENCE_SECONDS)[0].decode(errors="replace")
        return program.stdout.read().decode(errors="replace")


def samples() -> dict[str, Mail]:
    return compose(COMPOSER, NOW)
