"""Write what is printed from the code into the documentation: `python -m tests.docs`."""

from tests.docs.tables import ARCHITECTURE, with_mails

ARCHITECTURE.write_text(with_mails(ARCHITECTURE.read_text()))
