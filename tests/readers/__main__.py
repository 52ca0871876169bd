"""Write the table of a reader's life into its documentation: `python -m tests.readers`."""

from tests.readers.table import DOCUMENT, with_table

DOCUMENT.write_text(with_table(DOCUMENT.read_text()))
