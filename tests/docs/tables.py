"""The tables in the documentation that are printed from the code."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from digest.compose.kinds import RULES
from digest.settings import Settings

DOCS = Path(__file__).parents[2] / "docs"


class Table(NamedTuple):
    """A table between two marks of a page, and the lines that belong there."""

    page: Path
    name: str
    lines: Callable[[], Iterator[str]]

    def within(self, text: str) -> str:
        """Give the text of the page with the table as it should be."""
        begin, end = f"<!-- {self.name}: `python -m tests.docs` writes this -->\n", f"<!-- end of {self.name} -->"
        before, _, rest = text.partition(begin)
        return before + begin + "\n" + "\n".join(self.lines()) + "\n\n" + end + rest.partition(end)[2]


def mails() -> Iterator[str]:
    """The kinds of mail."""
    yield "| kind | for readers who are | written in `templates/email/` | on the list | its link | promises |"
    yield "|---|---|---|---|---|---|"
    for kind, rule in RULES.items():
        statuses = ", ".join(f"`{status}`" for status in sorted(rule.statuses))
        folders = ", ".join(f"`{folder}`" for folder in rule.folders)
        link = f"`{rule.link}`" if rule.link else "-"
        yield f"| `{kind}` | {statuses} | {folders} | {'yes' if rule.on_list else 'no'} | {link} | {rule.promises} |"


def settings() -> Iterator[str]:
    """Every setting, with its default."""
    yield "| setting | default | what it is |"
    yield "|---|---|---|"
    for name, field in Settings.model_fields.items():
        yield f"| `DIGEST_{name.upper()}` | {_default(name, field.default)} | {field.description} |"


def _default(name: str, value: object) -> str:
    if name == "secret_key":
        return "one for laptops"
    said = ",".join(value) if isinstance(value, tuple) else str(value).lower() if isinstance(value, bool) else value
    return "" if said in ("", None) else f"`{said}`"


TABLES = [
    Table(DOCS / "architecture.md", "mails", mails),
    Table(DOCS / "settings.md", "settings", settings),
]
