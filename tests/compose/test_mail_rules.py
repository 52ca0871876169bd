"""The rules for mails, "Leaving" and "Form", on the raw bytes of some thousand hostile digests.

Read here by hand, because a mail program forgives what a rule forbids.
"""

import quopri
import re
from collections import Counter
from dataclasses import replace
from email.utils import parsedate_to_datetime

import dkim
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from selectolax.lexbor import LexborHTMLParser

from digest.compose import MOST_HTML_BYTES, Composer
from digest.compose.dkim import Signer, new_key, record
from digest.domain import Cadence, Selection
from digest.links import Links, Named, Purpose
from tests.emails import AWKWARD, DAY, LETTERHEAD, a_delivery, a_pick, listed_paper
from tests.support.mischief import MISCHIEF, deliveries, every_kind, selections

DOMAIN = "papers.example.org"
KEY = new_key()
COMPOSER = Composer(LETTERHEAD)
SIGNING = Composer(replace(LETTERHEAD, signer=Signer(DOMAIN, "s1", KEY)))
ANOTHER = Composer(LETTERHEAD)
# Every header there may be, in order: whatever slips in beside them is seen.
HEADERS = [
    *("Date", "From", "To", "Subject", "Message-ID", "MIME-Version", "Auto-Submitted", "X-Auto-Response-Suppress"),
    *(
        "List-Id",
        "List-Help",
        "List-Archive",
        "List-Post",
        "List-Unsubscribe",
        "List-Unsubscribe-Post",
        "Feedback-ID",
        "Content-Type",
    ),
]
# F6: none of these may be added on the way, whether we write it or not.
OVERSIGNED = (
    *("From", "To", "Cc", "Subject", "Date", "Reply-To", "Sender", "Message-ID", "In-Reply-To", "References"),
    *("MIME-Version", "Content-Type", "Content-Transfer-Encoding", "Content-Disposition"),
    *("List-Id", "List-Help", "List-Post", "List-Owner", "List-Archive", "List-Subscribe", "List-Unsubscribe"),
    *("List-Unsubscribe-Post", "Feedback-ID", "CFBL-Address"),
)
SIGNED_HEADERS = ["DKIM-Signature", *HEADERS[:-1], "CFBL-Address", "Content-Type"]


def for_any_digest(test):
    """Try a test on the golden digests, on each piece of mischief in every field, and on what hypothesis thinks of."""
    samples = [(a_delivery(), AWKWARD), (a_delivery(email="rené@bücher.example"), DAY)]
    for piece in MISCHIEF:
        pick = a_pick(title=f"a{piece}b", abstract=f"c{piece}d", authors=(f"e{piece}f",), organization=piece)
        samples.append(
            (a_delivery(email="a@b.example\r\nBcc: c@d.example", topics=[piece, f"g{piece}"]), Selection((pick,)))
        )
    for sample in samples:
        test = example(*sample)(test)
    return settings(deadline=None, max_examples=60)(given(deliveries, selections)(test))


class Raw:
    """A mail as it goes over the wire: its head in header lines, its parts as they stand and decoded."""

    def __init__(self, mail):
        self.mail, self.content = mail, mail.content
        self.head, _, self.body = mail.content.partition(b"\r\n\r\n")
        self.lines = re.split(rb"\r\n(?![ \t])", self.head)
        self.names = [line.partition(b":")[0].decode() for line in self.lines]
        mark = re.search(rb'boundary="([^"]+)"', self.head)[1]
        before, *self.parts, after = re.split(rb"(?:^|\r\n)--%b(?:--)?\r\n" % re.escape(mark), self.body)
        assert (before, after) == (b"", b"")
        self.text, self.html = (_decoded(part) for part in self.parts)
        self.page = LexborHTMLParser(self.html)

    def header(self, name):
        """The value of a header there is one of, folds and all."""
        (line,) = [line for line in self.lines if line.lower().startswith(name.lower().encode() + b":")]
        return line.partition(b": ")[2]


def _decoded(part):
    return quopri.decodestring(part.partition(b"\r\n\r\n")[2]).decode().replace("\r\n", "\n")


def raw_mails(delivery, selection, composer=COMPOSER):
    return [Raw(mail) for mail in every_kind(composer, delivery, selection)]


def verifies(content):
    return dkim.verify(content, dnsfunc=lambda name, timeout=5: "".join(record(KEY)).encode())


@for_any_digest
def test_there_is_one_way_out_by_https_and_one_by_mail(delivery, selection):
    """U1, and U10 as far as the header goes."""
    for raw in raw_mails(delivery, selection):
        way_out = re.fullmatch(rb"<(https://[^<>\s]+)>, <(mailto:[^<>\s]+)>", raw.header("List-Unsubscribe"))
        assert raw.header("List-Unsubscribe").count(b"https:") == 1
        assert raw.header("List-Unsubscribe-Post") == b"List-Unsubscribe=One-Click"
        links = Links("https://papers.example.org", ["a key for tests"])
        assert links.read(Purpose.UNSUBSCRIBE, way_out[1].decode().rpartition("/")[2]) == Named(delivery.reader.key)
        address = re.fullmatch(rb"mailto:unsubscribe\+([\w.-]+)@papers\.example\.org\?subject=unsubscribe", way_out[2])
        assert links.read(Purpose.UNSUBSCRIBE, address[1].decode()) == Named(delivery.reader.key)


@for_any_digest
def test_one_signature_covers_both_headers_of_leaving(delivery, selection):
    """U2."""
    for raw in raw_mails(delivery, selection, SIGNING):
        covered = re.search(rb"[; \t\n]h=([^;]+);", raw.header("DKIM-Signature"))[1].split(b":")
        covered = [name.strip() for name in covered]
        assert {b"list-unsubscribe", b"list-unsubscribe-post"} <= set(covered)
        # An empty header can be added to what is not covered.
        assert {name.lower().encode() for name in raw.names} - set(covered) == {b"dkim-signature"}
        assert verifies(raw.content)


@for_any_digest
def test_a_way_out_can_be_seen_in_both_parts_of_every_mail(delivery, selection):
    """U8, the confirmation mail included."""
    for raw in raw_mails(delivery, selection):
        link = LETTERHEAD.links.unsubscribe(delivery.reader.key)
        assert f"\n{link}\n" in raw.text
        (seen,) = [anchor for anchor in raw.page.css("a") if anchor.attributes.get("href") == link]
        assert re.search("unsubscribe|cancel the request", seen.text(), re.IGNORECASE)
        assert not any("display:none" in (up.attributes.get("style") or "") for up in _above(seen))


def _above(node):
    while node := node.parent:
        yield node


@for_any_digest
def test_the_header_of_leaving_is_one_plain_line(delivery, selection):
    """U9."""
    for raw in raw_mails(delivery, selection):
        (line,) = [line for line in raw.content.split(b"\r\n") if line.startswith(b"List-Unsubscribe:")]
        assert line.endswith(b"?subject=unsubscribe>")
        assert line.isascii()
        assert b"=?" not in line


@for_any_digest
def test_lines_are_short_and_end_with_crlf_and_nothing_is_nul(delivery, selection):
    """F1."""
    for composer in (COMPOSER, SIGNING):
        for raw in raw_mails(delivery, selection, composer):
            lines = raw.content.split(b"\r\n")
            assert lines[-1] == b""
            assert max(map(len, lines)) <= 998
            assert not any(set(line) & set(b"\r\n\0") for line in lines)


@for_any_digest
def test_nothing_from_outside_makes_a_header_or_ends_one(delivery, selection):
    """F2."""
    for composer, names in ((COMPOSER, HEADERS), (SIGNING, SIGNED_HEADERS)):
        for raw in raw_mails(delivery, selection, composer):
            assert raw.names == names
            assert not any(octet < 32 or octet == 127 for line in raw.lines for octet in re.sub(rb"\r\n ", b"", line))
            assert not set(raw.mail.recipient + raw.mail.sender) & set("\r\n\0")
            # A fold that leaves an empty line would end the head (RFC 5322, section 3.2.2).
            assert not re.search(rb"\r\n[ \t]+(\r\n|$)", raw.head)


@for_any_digest
def test_no_octet_needs_more_than_seven_bits_unless_the_address_itself_does(delivery, selection):
    """F3: no 8BITMIME, SMTPUTF8 only where it is needed, domains in ASCII."""
    for raw in raw_mails(delivery, selection):
        wide = not raw.mail.recipient.isascii()
        assert all(line.isascii() or (wide and line.startswith(b"To:")) for line in raw.lines)
        assert raw.body.isascii()
        assert all(b"\r\nContent-Transfer-Encoding: quoted-printable\r\n" in part for part in raw.parts)
        assert all(len(line) <= 76 for part in raw.parts for line in part.split(b"\r\n")[3:])
        assert raw.mail.recipient.rpartition("@")[2].isascii()
        assert raw.header("To").decode() == raw.mail.recipient


@for_any_digest
def test_a_mail_has_what_every_mail_has_and_its_name_is_its_deliverys(delivery, selection):
    """F4."""
    for raw, again in zip(
        raw_mails(delivery, selection),
        every_kind(ANOTHER, replace(delivery, attempts=7, reason="451 later"), selection),
        strict=True,
    ):
        for name in ("Date", "From", "To", "Subject", "MIME-Version", "Message-ID"):
            assert raw.header(name).strip()
        assert parsedate_to_datetime(raw.header("Date").decode()) == delivery.due_at.replace(microsecond=0)
        assert re.fullmatch(rb"<[\w.]+@papers\.example\.org>", raw.header("Message-ID"))
        assert b".%d." % delivery.id in raw.header("Message-ID")
        assert raw.content == again.content
        assert raw.header("Content-Type").startswith(b"multipart/alternative; ")
        kinds = [part.partition(b"\r\n")[0] for part in raw.parts]
        assert kinds == [b"Content-Type: text/plain; charset=utf-8", b"Content-Type: text/html; charset=utf-8"]


@for_any_digest
def test_a_mail_says_which_list_it_is_of_and_that_a_program_wrote_it(delivery, selection):
    """F5, with List-Help, List-Post, Feedback-ID and CFBL-Address."""
    for raw in raw_mails(delivery, selection, SIGNING):
        assert raw.header("List-Id") == b"<digest.papers.example.org>"
        assert raw.header("Auto-Submitted") == b"auto-generated"
        assert raw.header("X-Auto-Response-Suppress") == b"All"
        assert raw.header("List-Help") == b"<https://papers.example.org>"
        assert raw.header("List-Archive") == b"<https://papers.example.org/archive>"
        assert raw.header("List-Post") == b"NO"
        # Nothing in it is of one reader: the kind, the day, the domain, the sender.
        assert re.fullmatch(rb"[a-z]+:20251224:papers\.example\.org:paper-digest", raw.header("Feedback-ID"))
        assert re.fullmatch(rb"unsubscribe\+[\w.-]+@papers\.example\.org; report=arf", raw.header("CFBL-Address"))


@for_any_digest
def test_a_mail_without_a_signature_asks_for_no_feedback(delivery, selection):
    """RFC 9477, section 3.1.3: CFBL-Address counts only under the signature of its domain."""
    assert "CFBL-Address" not in Raw(COMPOSER.digest(delivery, selection)).names


@for_any_digest
def test_a_signature_is_of_the_kind_that_holds(delivery, selection):
    """F6."""
    for raw in raw_mails(delivery, selection, SIGNING):
        value = re.sub(rb"\s+", b"", raw.header("DKIM-Signature"))
        tags = dict(tag.split(b"=", 1) for tag in value.split(b";"))
        assert tags.keys() == {b"v", b"a", b"c", b"d", b"s", b"t", b"h", b"bh", b"b"}
        assert int(tags[b"t"]) == int(delivery.due_at.timestamp())
        assert (tags[b"a"], tags[b"c"], tags[b"d"]) == (b"rsa-sha256", b"relaxed/relaxed", b"papers.example.org")
        covered = Counter(tags[b"h"].decode().split(":"))
        there = Counter(name.lower() for name in raw.names[1:])
        assert covered == Counter({name.lower(): there[name.lower()] + 1 for name in (*there, *OVERSIGNED)})
    assert KEY.key_size == 2048


@settings(deadline=None, max_examples=60)
@given(deliveries, selections, st.floats(0, 1, exclude_max=True))
def test_a_signature_is_over_the_final_bytes(delivery, selection, share):
    """F6: whatever changes after it breaks it."""
    content = SIGNING.digest(delivery, selection).content
    covered = [
        found.start() for found in re.finditer(rb"[a-zA-Z0-9]", content) if found.start() > content.index(b"Date:")
    ]
    place = covered[int(share * len(covered))]
    changed = b"%b%c%b" % (content[:place], content[place] ^ 1, content[place + 1 :])
    assert verifies(content)
    assert not _surely_verifies(changed)


def _surely_verifies(content):
    try:
        return verifies(content)
    except dkim.DKIMException:
        return False


LONG = st.sampled_from(["word ", "漢字、", "&<>", "😀", "x" * 90, "é"])


@settings(deadline=None, max_examples=50)
@given(LONG, LONG, st.integers(0, 150), st.sampled_from(Cadence))
def test_the_html_stays_under_the_size_at_which_gmail_cuts(word, topic, count, cadence):
    """F7, counted raw; what does not fit is counted."""
    picks = [a_pick(listed_paper(f"2512.{n:05}", word * 60, abstract=(word * 30 + ". ") * 9)) for n in range(count)]
    reader = {"topics": [topic * 40] * 50, "email": "a" * 64 + "@" + "example." * 20 + "org", "cadence": cadence}
    raw = Raw(COMPOSER.digest(a_delivery(**reader), Selection(tuple(picks))))
    assert len(raw.parts[1]) <= MOST_HTML_BYTES
    shown = len(raw.page.css(".card, .brief, .line"))
    assert shown == count or f"And {count - shown} more" in raw.text


@for_any_digest
def test_the_text_is_made_from_the_papers_and_not_from_the_html(delivery, selection):
    """F7."""
    pick = a_pick(title="R&D <b>of</b> &amp;")
    assert "\nR&D <b>of</b> &amp;\n" in Raw(COMPOSER.digest(delivery, replace(selection, picks=(pick,)))).text
    plain = replace(delivery, reader=a_delivery().reader)
    for raw in raw_mails(plain, replace(selection, picks=DAY.picks)):
        assert not re.search(r"</?[a-z]+[ >]|&(nbsp|amp|lt|#\d+);", raw.text)


@pytest.mark.parametrize("part", ["text", "html"])
@for_any_digest
def test_every_digest_says_why_it_came_and_who_sends_it(part, delivery, selection):
    """F10."""
    raw = Raw(COMPOSER.digest(delivery, selection))
    said = " ".join((raw.text if part == "text" else raw.page.body.text(separator="")).split())
    assert re.search(r"You get this email (every day|on weekdays|every Monday) because you (follow|asked)", said)
    assert "12 Example Street, Exampleton" in said
