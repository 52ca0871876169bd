"""What strangers may type into every field there is: digests to try the rules on."""

from dataclasses import replace
from datetime import UTC

from hypothesis import strategies as st

from digest.compose.kinds import RULES
from digest.domain import Cadence, Kind, Pick, Reason, Selection
from tests.emails import a_delivery
from tests.support.factories import a_paper

MISCHIEF = [
    "\r\nBcc: all@example.org",
    "\n\n.\r\n",
    "\0",
    "=?utf-8?q?x?=",
    "</td></table>",
    "<script>",
    "{{ 7*7 }}",
    "--=_",
    "\u202e",
    "漢字",
    "\t\t",
    "   ",
    " \n\n\n",
    "\ufdd0",
]
hostile = st.lists(
    st.text(st.characters(exclude_categories=()), max_size=40) | st.sampled_from(MISCHIEF), max_size=4
).map("".join)
spans = st.lists(st.tuples(st.integers(0, 90), st.integers(0, 90)), max_size=4).map(tuple)
reasons = st.lists(
    st.builds(Reason, hostile, st.sampled_from(["title", "abstract", "author", "trending"]), st.tuples(hostile), spans),
    max_size=3,
).map(tuple)
papers = st.builds(
    a_paper,
    st.sampled_from(["2512.00001", "cs/0112017", "other:1"]) | hostile,
    title=hostile,
    abstract=hostile,
    authors=st.lists(hostile, max_size=5).map(tuple),
    organization=hostile,
    code_url=hostile | hostile.map("https://example.org/{}".format),
    code_stars=st.none() | st.integers(0, 10**6),
    project_url=hostile,
    upvotes=st.integers(0, 999),
    comments=st.integers(0, 99),
    published_at=st.none() | st.datetimes(timezones=st.just(UTC)),
    sources=st.sampled_from([(), ("huggingface",), ("arxiv",)]),
)
picks = st.builds(Pick, papers, st.floats(0, 9), reasons, st.tuples(st.integers(0, 90), st.integers(0, 90)))
selections = st.builds(Selection, st.lists(picks, max_size=8).map(tuple), st.integers(0, 9))
emails = st.emails() | st.sampled_from(
    ["x@bücher.example", "rené@example.org", "a@b.example\r\nBcc: c@d.example", '"a b"@example.org']
)
deliveries = st.builds(
    a_delivery,
    id=st.integers(1, 2**31),
    email=emails,
    topics=st.lists(hostile, max_size=7),
    cadence=st.sampled_from(Cadence),
    timezone=st.sampled_from(["UTC", "Asia/Kathmandu", "America/New_York"]),
)


# Who reads a goodbye is out already.
LETTERS = [kind for kind, rule in RULES.items() if rule.on_list and not rule.has_papers and kind is not Kind.GOODBYE]


def every_kind(composer, delivery, selection):
    letters = [composer.letter(replace(delivery, kind=kind)) for kind in LETTERS]
    return [composer.digest(delivery, selection), composer.quiet(delivery), *letters]
