"""Write what is printed from the code into the documentation: `python -m tests.docs`."""

from tests.docs.tables import TABLES

for table in TABLES:
    table.page.write_text(table.within(table.page.read_text()))
