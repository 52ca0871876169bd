"""Alembic's entry: runs the revisions on the connection it is handed, or on the one settings name."""

from alembic import context
from sqlalchemy import Connection

from digest.settings import load
from digest.store import indexes  # noqa: F401 - importing it adds them to the tables
from digest.store.engine import connect
from digest.store.tables import metadata

# What one database alone has, below the table of the papers as they are searched.
OWN = ("searched_text", "text_vector", "ix_searched_text_vector")


def _is_shared(_thing: object, name: str | None, *_more: object) -> bool:
    return not (name or "").startswith(OWN)


def run(connection: Connection) -> None:
    # SQLite cannot change a column in place; batch mode copies the table.
    context.configure(connection, target_metadata=metadata, render_as_batch=True, include_object=_is_shared)
    with context.begin_transaction():
        context.run_migrations()


given = context.config.attributes.get("connection")
if given is not None:
    run(given)
else:
    with connect(load().database_url).connect() as own:
        run(own)
        own.commit()
