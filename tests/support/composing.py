"""A composer, and short ways to write a mail with it and to read it."""

from html.parser import HTMLParser

from digest import paths
from digest.compose import Composer, opened
from digest.domain import Selection
from tests.emails import LETTERHEAD, a_delivery

COMPOSER = Composer(LETTERHEAD)
EMAIL = paths.templates() / "email"
FOLDERS = sorted(path.name for path in EMAIL.iterdir() if path.is_dir() and not path.name.startswith("_"))


def a_digest(*picks, more=0, listed=0, **delivery):
    return COMPOSER.digest(a_delivery(**delivery), Selection(tuple(picks), more), listed=listed)


def a_letter(*picks, **options):
    return opened(a_digest(*picks, **options).content)


def flat(text):
    return " ".join(text.split())


class Tags(HTMLParser):
    """Collects the tags and the addresses of a page."""

    def __init__(self, html):
        super().__init__()
        self.tags, self.addresses = set(), []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.addresses += [value for name, value in attrs if name in {"href", "src", "background", "action"}]
