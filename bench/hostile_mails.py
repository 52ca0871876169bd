"""Mails that want to keep a judge busy, each kind at about n bytes: invented, as parsers are known to fail."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable

NOTICE = "From: Mail Delivery System <mailer-daemon@mx.example.org>\nSubject: Mail delivery failed\nMIME-Version: 1.0\n"
FAILED = "A message that you sent could not be delivered\nYour message could not be delivered to\n"


def _text(text: str, header: str = "Content-Type: text/plain") -> str:
    return f"{NOTICE}{header}\n\n{text}\n"


def _part(kind: str, inside: str, container: str = "multipart/report") -> str:
    parts = f"--b\nContent-Type: text/plain\n\nIt failed.\n--b\nContent-Type: {kind}\n\n{inside}\n--b--\n"
    return f'{NOTICE}Content-Type: {container}; boundary="b"\n\n{parts}'


def _repeated(what: str, size: int) -> str:
    return what * (size // len(what))


def _of_many(what: str, size: int) -> str:
    """So many different ones: `what` has a place for a number."""
    one = what.format(100_000)
    return "".join(what.format(100_000 + number) for number in range(size // len(one)))


def _nested(size: int) -> str:
    levels = size // 60
    opened = "".join(f"Content-Type: multipart/mixed; boundary=b{level}\n\n--b{level}\n" for level in range(levels))
    return f"{NOTICE}{opened}\nIt failed.\n"


Hostile = Callable[[int], str]

KINDS: dict[str, Hostile] = {
    "newlines in a returned mail": lambda n: _part("message/rfc822", "Subject: 3 papers\n\n" + "\n" * n),
    "blank lines of spaces": lambda n: _part("message/delivery-status", _repeated(" \t\n", n)),
    "blocks of a report": lambda n: _part("message/delivery-status", _repeated("A: b\n\n", n)),
    "recipients of a report": lambda n: _part(
        "message/delivery-status",
        _of_many("Final-Recipient: rfc822;a{}@example.org\nAction: failed\nDiagnostic-Code: smtp;550 mailbox x\n\n", n),
    ),
    "hyphens": lambda n: _text("-" * n),
    "hyphens in lines": lambda n: _text(_repeated("-" * 990 + "\n", n)),
    "one word": lambda n: _text("a" * n),
    "words with an at sign": lambda n: _text(FAILED + _repeated("a@", n)),
    "brackets": lambda n: _text(FAILED + _repeated("<", n)),
    "brackets in lines": lambda n: _part(
        "text/plain",
        "This Message was undeliverable due to the following reason:\n" + _repeated("<" * 60 + "\n", n),
        "multipart/mixed",
    ),
    "stars": lambda n: _text("Unable to deliver message to\n" + _repeated("*" * 900 + "\n", n)),
    "commas": lambda n: _text(_repeated("," * 900 + "a\n", n)),
    "replies": lambda n: _text(_repeated("550 5.1.1 mailbox \n", n)),
    "beginnings of phrases": lambda n: _text(_repeated("550 mailbox user exceeded sender domain host message ", n)),
    "lines of header in a text": lambda n: _text(_repeated("Received: x\n\n", n)),
    "nested elements": lambda n: _text(_repeated("<div>", n), "Content-Type: text/html"),
    "tags that do not end": lambda n: _text(_repeated("<a ", n), "Content-Type: text/html"),
    "styles that do not end": lambda n: _text(_repeated("<style>", n), "Content-Type: text/html"),
    "comments that do not end": lambda n: _text(_repeated("<!--", n), "Content-Type: text/html"),
    "entities": lambda n: _text("&#" + "9" * n + ";", "Content-Type: text/html"),
    "parameters": lambda n: _text("x", "Content-Type: text/plain" + _repeated("; a=b", n)),
    "parameters in lines": lambda n: _text("x", "Content-Type: text/plain" + _repeated(";\n a=b", n)),
    "quotes in parameters": lambda n: _text("x", 'Content-Type: text/plain; a="' + _repeated('\\";', n)),
    "continued parameters": lambda n: _text("x", "Content-Type: text/plain" + _of_many("; name*{}*=a", n)),
    "a long boundary": lambda n: _text("--" + "a" * n, f"Content-Type: multipart/mixed; boundary={'a' * n}"),
    "parts": lambda n: _part("text/plain", _repeated("--b\n\n", n), "multipart/mixed"),
    "parts of HTML": lambda n: _part(
        "text/html", _repeated("--b\nContent-Type: text/html\n\n<p>", n), "multipart/mixed"
    ),
    "nested mails": lambda n: _repeated("Content-Type: message/rfc822\n\n", n),
    "nested parts": _nested,
    "nested digests": lambda n: _repeated("Content-Type: multipart/digest; boundary=b\n\n--b\n\n", n),
    "lines of header": lambda n: NOTICE + _of_many("X-{}: a\n", n) + "\nIt failed.\n",
    "one long header": lambda n: NOTICE + "To: " + _repeated("a@example.org,\n ", n) + "\n\nIt failed.\n",
    "a long subject in code words": lambda n: f"Subject: {_repeated('=?a?q?', n)}\n\nIt failed.\n",
    "a code word that is none": lambda n: f"Subject: =?utf-8?b?a?= {_repeated('=?punycode?b?YQ==?= ', n)}\n\nx\n",
    "comments in an address": lambda n: f"{NOTICE}X-Failed-Recipients: {'(' * n}\n\nIt failed.\n",
    "groups in an address": lambda n: f"{NOTICE}X-Failed-Recipients: {_repeated('a:', n)}\n\nIt failed.\n",
    "recipients of a complaint": lambda n: _part(
        "message/feedback-report", "Feedback-Type: abuse\n" + _repeated("Original-Rcpt-To: (((((\n", n)
    ),
    "JSON in JSON": lambda n: _text("[" * n),
    "objects in JSON": lambda n: _text(_repeated('{"Message":', n)),
    "a number in JSON": lambda n: _text('{"Message": ' + "9" * n + "}"),
    "punycode": lambda n: _text("a-" + "b" * n, "Content-Type: text/plain; charset=punycode"),
    "base64 in one line": lambda n: _text(
        b64encode(b"<" * n).decode(), "Content-Transfer-Encoding: base64\nContent-Type: text/plain"
    ),
    "quoted-printable": lambda n: _text(
        _repeated("=\n", n), "Content-Transfer-Encoding: quoted-printable\nContent-Type: text/plain"
    ),
    "uuencoded": lambda n: _text(
        "begin 644 a\n" + _repeated("M" * 61 + "\n", n),
        "Content-Transfer-Encoding: x-uuencode\nContent-Type: text/plain",
    ),
    "tokens of ways out": lambda n: _text(_of_many("unsubscribe+{}.aaaaaaaaaaaa ", n)),
    "folded lines": lambda n: _text(_repeated("=\n \t ", n)),
    "carriage returns": lambda n: _text("\r" * n),
}


def mail(kind: str, size: int) -> bytes:
    return KINDS[kind](size).encode("utf-8", "surrogateescape")
