"""Databases on one real PostgreSQL: a new one for who asks for it, and for most tests one that was emptied."""

from itertools import count

from psycopg import OperationalError, connect
from sqlalchemy import make_url

from digest.store.engine import connect as engine_of
from digest.store.engine import migrate

# No test outlives the machine, and a disk that is waited for is most of what a database costs.
HASTE = ("fsync", "synchronous_commit", "full_page_writes")
# What a test may not leave behind: who still holds a lock would keep the next one waiting.
HANG_UP = """SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()"""
SCHEMA = """SELECT (SELECT string_agg(version_num, ',') FROM public.alembic_version), (SELECT md5(string_agg(
    concat_ws(' ', relname, attname, atttypid, attnotnull, atthasdef), ',' ORDER BY relname, attnum)) FROM pg_class
    JOIN pg_attribute ON attrelid = pg_class.oid WHERE relnamespace = 'public'::regnamespace AND attnum > 0)"""
FILLED = """SELECT string_agg(quote_ident(relname), ', ') FROM pg_class WHERE relnamespace = 'public'::regnamespace
    AND relkind = 'r' AND relname <> 'alembic_version' AND pg_relation_size(oid) > 0"""
# A number that was drawn for a row that was refused is drawn again, too.
RESTART = """SELECT setval(format('%I.%I', schemaname, sequencename)::regclass, 1, false) FROM pg_sequences
    WHERE last_value IS NOT NULL"""


class Databases:
    """Databases of one server, each known by its URL; call it for a new one.

    To make one takes ten times as long as to empty one, and the server keeps what it made to its end.
    """

    def __init__(self, uri):
        self._url = make_url(uri).set(drivername="postgresql+psycopg")
        self._numbers, self._free, self._watched = count(1), [], {}
        self._admin = connect(uri, autocommit=True)
        for name in HASTE:
            self._admin.execute(f"ALTER SYSTEM SET {name} = off")
        self._admin.execute("SELECT pg_reload_conf()")
        self._admin.execute("CREATE DATABASE migrated")
        engine = engine_of(self._named("migrated"))
        migrate(engine)
        engine.dispose()
        with connect(self._plain("migrated")) as connection:
            self._schema = connection.execute(SCHEMA).fetchone()

    def __call__(self, template="migrated"):
        """Make a new database, migrated or as another template has it; give its URL."""
        name = f"test{next(self._numbers)}"
        self._admin.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        return self._named(name)

    def lend(self):
        """Give the URL of a migrated database without any rows."""
        return self._free.pop() if self._free else self()

    def take_back(self, url):
        """Empty a database for the next test; one whose tables are not what they were is of no more use."""
        try:
            emptied = self._empty(url)
        except OperationalError:
            # A test may end every session of its database, ours with them.
            self._watched.pop(url)
            emptied = self._empty(url)
        if emptied:
            self._free.append(url)

    def close(self):
        for connection in (*self._watched.values(), self._admin):
            connection.close()

    def _empty(self, url):
        if url not in self._watched:
            self._watched[url] = connect(self._plain(make_url(url).database), autocommit=True)
        ours = self._watched[url]
        ours.execute(HANG_UP)
        if ours.execute(SCHEMA).fetchone() != self._schema:
            return False
        [filled] = ours.execute(FILLED).fetchone()
        if filled:
            ours.execute(f"TRUNCATE {filled} CASCADE")
        ours.execute(RESTART)
        return True

    def _named(self, name):
        return self._url.set(database=name).render_as_string(hide_password=False)

    def _plain(self, name):
        return self._url.set(database=name, drivername="postgresql").render_as_string(hide_password=False)
