"""The tables in the documentation that are printed from the code."""

from pathlib import Path

from digest.compose.kinds import RULES

ARCHITECTURE = Path(__file__).parents[2] / "docs" / "architecture.md"
BEGIN, END = "<!-- mails: `python -m tests.docs` writes this -->\n", "<!-- end of mails -->"


def with_mails(text):
    before, _, rest = text.partition(BEGIN)
    return before + BEGIN + "\n" + "\n".join(mails()) + "\n\n" + END + rest.partition(END)[2]


def mails():
    """The table of the kinds of mail."""
    yield "| kind | for readers who are | written in `templates/email/` | on the list | its link | promises |"
    yield "|---|---|---|---|---|---|"
    for kind, rule in RULES.items():
        statuses = ", ".join(f"`{status}`" for status in sorted(rule.statuses))
        folders = ", ".join(f"`{folder}`" for folder in rule.folders)
        link = f"`{rule.link}`" if rule.link else "-"
        yield f"| `{kind}` | {statuses} | {folders} | {'yes' if rule.on_list else 'no'} | {link} | {rule.promises} |"
