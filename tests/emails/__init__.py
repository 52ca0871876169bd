"""The golden mails: what the service sends, byte for byte, so that a change in a mail shows as a diff.

`python -m tests.emails` writes them anew.
"""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from digest.compose import Composer, Letterhead
from digest.domain import Cadence, Delivery, Kind, Mute, Pick, Preferences, Quiet, Reason, Selection, Window
from digest.links import Links
from tests.support.factories import NOW, a_paper, a_reader

FOLDER = Path(__file__).parent
LETTERHEAD = Letterhead(
    mail_from="Paper Digest <digest@papers.example.org>",
    mail_domain="papers.example.org",
    links=Links("https://papers.example.org", ["a key for tests"]),
    postal_address="12 Example Street, Exampleton",
)
COMPOSER = Composer(LETTERHEAD)
TOPICS = ("speculative decoding", 'author:"Ada Lovelace"', "diffusion")


def a_delivery(kind=Kind.DIGEST, *, id=7, due_at=NOW, recipient="", **reader):
    window = Window(due_at - timedelta(days=1), due_at, due_at.date())
    return Delivery(id, Kind(kind), a_reader(**{"topics": TOPICS} | reader), due_at, window, recipient=recipient)


def a_pick(paper=None, *words, topic="speculative decoding", **fields):
    """Pick a paper because these words are in its title and abstract; without words, because it is trending."""
    paper = paper or a_paper(**fields)
    reasons = [
        Reason(
            topic, field, words, tuple((text.find(word), text.find(word) + len(word)) for word in words if word in text)
        )
        for field, text in (("title", paper.title), ("abstract", paper.abstract))
        if any(word in text for word in words)
    ]
    snippet = next((reason.spans[0] for reason in reasons if reason.field == "abstract"), (0, 0))
    return Pick(paper, 1.0, tuple(reasons) or (Reason("", "trending"),), snippet)


def listed_paper(id, title, **fields):
    given = {"published_at": datetime(2025, 12, 23, tzinfo=UTC), "sources": ("huggingface",)}
    return a_paper(id, title=title, **given | fields)


DRAFT = listed_paper(
    "2512.00001",
    "Draft, Then Verify: Speculative Decoding With Two Small Models",
    abstract="Large models write one word at a time, and that is slow. We study speculative decoding with two drafts, "
    "e.g. a short one and a long one. It is 2.3 times faster on three tasks. Nothing is lost in quality. Code is open.",
    authors=("Grace Example", "Chen Wei", "Noor Sample", "Ada Lovelace", "Fifth Author"),
    organization="Example Lab",
    summary="Two small drafts make speculative decoding 2.3 times faster, and lose nothing in quality.",
    upvotes=62,
    comments=4,
    code_url="https://github.com/example/draft",
    code_stars=1234,
    project_url="https://draft.example.org/",
)
NOISE = listed_paper(
    "2410.00002", "Less Noise: Diffusion in Twelve Steps", published_at=datetime(2024, 10, 1, tzinfo=UTC), upvotes=1
)
DAY = Selection(
    (
        Pick(
            DRAFT,
            3.0,
            (
                Reason("speculative decoding", "title", ("speculative decoding",), ((20, 40),)),
                Reason("speculative decoding", "abstract", ("speculative decoding",), ((66, 86),)),
                Reason('author:"Ada Lovelace"', "author", ("Ada Lovelace",)),
            ),
            (66, 86),
        ),
        a_pick(NOISE, "Diffusion", topic="diffusion"),
    ),
    more=5,
)
NEAR = Pick(
    listed_paper(
        "2512.00009",
        "Guess Ahead: A Draft Model for Every Target",
        summary="A draft model guesses several words, and verification by the target keeps those that are right.",
        upvotes=7,
    ),
    0.3,
    (Reason("speculative decoding", "related", ("draft model", "verification")),),
)
VOTED = Reason("", "liked", ("tree search",), count=2)
HEARD = replace(
    DAY, picks=(replace(DAY.picks[0], reasons=(*DAY.picks[0].reasons, VOTED)), DAY.picks[1]), related=(NEAR,)
)
AWKWARD = Selection(
    (
        a_pick(listed_paper("2512.00003", "Many Hands", authors=tuple(f"Author Number {n}" for n in range(664)))),
        a_pick(
            listed_paper(
                "2512.00004",
                "دراسة شاملة لنماذج اللغة",
                abstract="نقدم دراسة شاملة.",
                authors=("محمد مثال", "רות דוגמה"),
            )
        ),
        a_pick(
            listed_paper(
                "2512.00005",
                "大規模言語モデルの評価と改善に関する研究" * 4,
                abstract="本研究では、評価と改善を試みる。" * 20,
                authors=("例 太郎",),
            )
        ),
        a_pick(listed_paper("2512.00006", "On the Surprising Length of Titles " * 8 + "and Their End")),
        a_pick(listed_paper("2512.00007", "No Abstract", abstract="", authors=(), published_at=None)),
        a_pick(
            listed_paper("2512.00008", '<script>alert("no")</script> & <b>Friends</b>', code_url="javascript:alert(1)")
        ),
        a_pick(
            listed_paper("other:9", "From Elsewhere", sources=("other",), project_url="https://elsewhere.example.org/9")
        ),
    )
)


OTHERS = Preferences(("protein folding", 'author:"Noor Sample"', "visit www.example.org now"))


def mails():
    """Compose each golden mail: its name, and the mail."""
    composer = COMPOSER
    weekly = a_delivery(
        due_at=datetime(2025, 12, 29, 7, tzinfo=UTC), topics=(), cadence=Cadence.WEEKLY, timezone="Asia/Tokyo"
    )
    return {
        "digest": composer.digest(a_delivery(), DAY, listed=37, days=(NOW.date(), NOW.date())),
        "digest-heard": composer.digest(a_delivery(), HEARD, listed=37, days=(NOW.date(), NOW.date())),
        "digest-awkward": composer.digest(a_delivery(email="rené@bücher.example"), AWKWARD),
        "digest-weekly-trending": composer.digest(
            weekly, Selection((a_pick(DRAFT),)), listed=143, days=(date(2025, 12, 22), date(2025, 12, 26))
        ),
        "confirm": composer.letter(a_delivery("confirm")),
        "manage": composer.letter(a_delivery("manage")),
        "manage-other-topics": composer.letter(replace(a_delivery("manage"), requested=OTHERS)),
        "quiet": composer.quiet(
            a_delivery(), Quiet(143, date(2025, 12, 16), date(2025, 12, 9), ("language models", "video"))
        ),
        "quiet-muted": composer.quiet(
            a_delivery(), Quiet(muted=(Mute("agents", date(2026, 1, 5)), Mute("robot*", date(2026, 1, 7))))
        ),
        "welcome": composer.digest(a_delivery(), DAY, listed=137, days=(date(2025, 12, 16), NOW.date()), first=True),
        "digest-named": composer.digest(a_delivery(name="my thesis"), DAY, listed=37, days=(NOW.date(), NOW.date())),
        "move": composer.letter(a_delivery("move", recipient="reader@new.example.org")),
        "moved": composer.letter(a_delivery("moved", recipient="reader@old.example.org")),
        "goodbye": composer.letter(a_delivery("goodbye")),
        "trial": composer.trial("operator@example.org", 123456789, NOW),
        "alert": composer.alert("operator@example.org", ["huggingface is suspicious: 3 papers on a Tuesday."], NOW),
    }
