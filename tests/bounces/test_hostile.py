"""Mails that want to keep a judge busy, or break him: whatever a stranger writes costs little, and raises nothing."""

import importlib
import pkgutil
import re
import string
import sys
from re import _constants as parsed  # type: ignore[attr-defined]
from re import _parser as parser  # type: ignore[attr-defined]

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bench.growth import seconds_of
from bench.hostile_mails import KINDS, mail
from digest import bounces
from digest.bounces import addressees, limits, opening, reading, tags, words
from digest.bounces.reasons import judge
from digest.domain import VerdictKind
from tests.support.examples import some
from tests.support.returned import report

# Twenty times what the worst of them costs on two busy cores: what it cost before were hours.
MOST_SECONDS = 3.0
# n log n is 4.5 times as much for four times the size, quadratic is 16 times.
MOST_GROWTH, NOTICEABLE = 9, 0.03


@pytest.mark.parametrize("kind", KINDS)
def test_a_mail_of_the_longest_size_costs_little(kind):
    assert seconds_of(bounces.read, mail(kind, limits.MOST_BYTES)) < MOST_SECONDS


@pytest.mark.parametrize("kind", KINDS)
def test_no_cost_grows_faster_than_the_mail(kind):
    once, fourfold = (min(seconds_of(bounces.read, mail(kind, size)) for _ in range(2)) for size in (10_000, 40_000))
    assert fourfold < MOST_GROWTH * max(once, NOTICEABLE)


@pytest.mark.parametrize("kind", KINDS)
def test_none_of_them_breaks_it(kind):
    assert bounces.read(mail(kind, 5_000)).verdict.reason != bounces.UNREADABLE


def test_what_is_hidden_behind_a_bomb_is_judged_all_the_same():
    bomb = report().replace(b"MIME-Version", b"X-Failed-Recipients: " + b"(" * 5_000 + b"\nMIME-Version")
    assert bounces.of_message(bomb).kind is VerdictKind.HARD


def test_a_message_that_breaks_the_judge_is_unreadable(monkeypatch):
    def broken(content):
        raise RecursionError

    monkeypatch.setattr(reading, "opened", broken)
    assert bounces.of_message(report()) == bounces.NOTHING_READ.verdict


# Every way that parsers are known to fail by, put together at random.

PIECES = st.sampled_from(
    [
        *(
            "(",
            "<",
            ">",
            "@",
            ",",
            ";",
            ":",
            "=",
            "-",
            "--b",
            "--",
            '"',
            "\\",
            "*",
            ".",
            "|",
            "\x00",
            "\x0b",
            "é",
            "\udcff",
        ),
        *("\n", "\n\n", "\n ", "\n\t", "\r", "\r\n", " ", "\t"),
        *(
            "Content-Type: message/rfc822\n\n",
            "Content-Type: multipart/mixed; boundary=b\n\n",
            "Content-Type: text/html\n",
        ),
        *("Content-Type: multipart/digest; boundary=b\n\n", "Content-Type: message/delivery-status\n\n"),
        *("Content-Transfer-Encoding: base64\n", "Content-Transfer-Encoding: x-uuencode\n", "; charset=idna"),
        *(
            "Final-Recipient: rfc822; ",
            "Action: failed\n",
            "Status: 5.1.1\n",
            "Diagnostic-Code: ",
            "Feedback-Type: abuse\n",
        ),
        *("To: ", "From: mailer-daemon\n", "Subject: =?utf-7?q?+?=", "=?idna?b?YQ?=", "X-Failed-Recipients: "),
        *("550 5.1.1 ", "mailbox ", "<div>", "<style>", "<!--", "&#x", "{", "[", '{"Message":', "bounce+1.2."),
    ]
)
REPEATED = st.tuples(PIECES, st.integers(1, 400)).map(lambda piece: piece[0] * piece[1])
HOSTILE = st.lists(REPEATED, max_size=12).map(lambda pieces: "".join(pieces).encode("utf-8", "surrogateescape"))


@settings(
    max_examples=some(120), deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
@given(HOSTILE, st.booleans())
def test_no_pieces_put_together_break_it_or_keep_it_busy(pieces, in_a_report):
    content = report().replace(b"Diagnostic-Code: smtp; ", b"Diagnostic-Code: " + pieces) if in_a_report else pieces
    stack = sys.getrecursionlimit()
    assert seconds_of(lambda one: _understood(bounces.read(one)), content) < MOST_SECONDS
    assert sys.getrecursionlimit() == stack


def _understood(found):
    assert found.verdict.reason != bounces.UNREADABLE


@settings(max_examples=some(60), deadline=None)
@given(st.text(alphabet="<>/-!abdivstyle&#;x9 \n", max_size=200))
def test_tags_are_left_out_of_any_html(html):
    assert "<style" not in tags.without_tags(html + "<style>a</style>")


# The patterns themselves.


def every_pattern():
    for module in pkgutil.iter_modules(bounces.__path__, "digest.bounces."):
        if module.name.endswith((".child", ".webhooks")):
            continue
        for name, value in vars(importlib.import_module(module.name)).items():
            values = value.values() if isinstance(value, dict) else [value]
            yield from ((f"{module.name}.{name}", one) for one in values if isinstance(one, re.Pattern))


PATTERNS = dict(every_pattern()) | {f"words.{reason}": one for reason, one in [*words.plain(), *words.vague()]}


def has_unbounded_repeat(tree):
    for operator, arguments in tree:
        if operator in (parsed.MAX_REPEAT, parsed.MIN_REPEAT) and arguments[1] is parsed.MAXREPEAT:
            return True
        inner = arguments if isinstance(arguments, (list, tuple)) else [arguments]
        for one in inner:
            for tried in one if isinstance(one, list) else [one]:
                if isinstance(tried, parser.SubPattern) and has_unbounded_repeat(tried):
                    return True
    return False


@pytest.mark.parametrize(("reason", "pattern"), [*words.plain(), *words.vague()])
def test_no_phrase_repeats_without_a_bound(reason, pattern):
    assert not has_unbounded_repeat(parser.parse(pattern.pattern)), reason


def beginnings(pattern):
    """What a pattern looks for, in pieces, and what its repeats would run over."""
    literal = [word.replace("\\", "") for word in re.findall(r"[A-Za-z<>@:+\\.-]{2,12}", str(pattern.pattern))][:12]
    return [*literal, *"a-@<>.,;:=(*#\n \t5", "a@", "550 ", "<a@", "a.b-", "\n ", "> "]


@pytest.mark.parametrize("name", PATTERNS)
def test_no_pattern_takes_more_time_than_a_text_is_long(name):
    # A line has 2,000 characters at most; quadratic time shows at four times that.
    size = 5_000
    slow = {}
    for piece in beginnings(PATTERNS[name]):
        text = (piece * size)[:size] + "\x01"
        text = text.encode() if isinstance(PATTERNS[name].pattern, bytes) else text
        if (seconds := seconds_of(PATTERNS[name].search, text)) > 0.12:
            slow[piece] = seconds
    assert not slow


@given(st.text(alphabet=string.printable + "<>@()é", max_size=300))
def test_addresses_are_found_in_any_text(text):
    assert all(one.count("@") == 1 for one in addressees.addresses([text]))
    assert judge(text).reason


def test_addresses_are_those_in_brackets_or_bare():
    named = [
        "Ada (ada@old.example) <ada@example.org>",
        "bob@example.org, <carl@example.org>",
        "rfc822; dora@example.org",
    ]
    assert addressees.addresses(named) == ("ada@example.org", "carl@example.org", "dora@example.org")
    lines = "  <ada@example.org>\n* bob@example.org *\ncarl@example.org: 550 no\nwrite to dora@example.org\n"
    assert list(addressees.alone_on_a_line(lines)) == ["ada@example.org", "bob@example.org", "carl@example.org"]


def test_the_limits_keep_what_an_honest_report_has():
    assert limits.within_limits(report()) == report()
    assert opening.opened(report(original="Subject: x\n\n" + "A line of text.\n" * 6_000)).blocks
