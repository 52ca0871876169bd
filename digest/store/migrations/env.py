"""Alembic's entry: runs the revisions on the connection it is handed, or on the one settings name."""

from alembic import context
from sqlalchemy import Connection, text

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
        numbers = _numbers_given(connection)
        context.run_migrations()
        _give_no_number_again(connection, numbers)


def _numbers_given(connection: Connection) -> dict[str, int]:
    """The highest number that SQLite gave in each table where it gives none twice."""
    if connection.dialect.name != "sqlite":
        return {}  # PostgreSQL's sequences never go back.
    there = connection.execute(text("SELECT 1 FROM sqlite_master WHERE name = 'sqlite_sequence'")).scalar()
    rows = connection.execute(text("SELECT name, seq FROM sqlite_sequence")).all() if there else []
    return {row.name: row.seq for row in rows}


def _give_no_number_again(connection: Connection, numbers: dict[str, int]) -> None:
    """Go on from there: a table that was copied would go on from the highest number that is left in it."""
    now = _numbers_given(connection)
    counted = text("SELECT name FROM sqlite_master WHERE type = 'table' AND sql LIKE '%AUTOINCREMENT%'")
    for name in connection.execute(counted).scalars().all() if numbers else []:
        if now.get(name, 0) < numbers.get(name, 0):
            connection.execute(text("DELETE FROM sqlite_sequence WHERE name = :name"), {"name": name})
            row = {"name": name, "seq": numbers[name]}
            connection.execute(text("INSERT INTO sqlite_sequence (name, seq) VALUES (:name, :seq)"), row)


given = context.config.attributes.get("connection")
if given is not None:
    run(given)
else:
    with connect(load().database_url).connect() as own:
        run(own)
        own.commit()
