"""The table of a reader's life in its documentation."""

from pathlib import Path

from digest.readers.life import told

DOCUMENT = Path(__file__).parents[2] / "docs" / "readers.md"
BEGIN, END = "<!-- life: `python -m tests.readers` writes this -->\n", "<!-- end of life -->"


def with_table(text):
    before, _, rest = text.partition(BEGIN)
    return before + BEGIN + "\n" + "\n".join(told()) + "\n\n" + END + rest.partition(END)[2]
