"""Papers and the lists they were on, and what is searched of them."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Date, Float, ForeignKey, Index, Integer, LargeBinary, Table, Text

from digest.store.columns import Moment, Number, Strings, text_column
from digest.store.tables.base import metadata

papers = Table(
    "papers",
    metadata,
    Column("id", Text, primary_key=True),
    Column("title", Text, nullable=False),
    text_column("abstract"),
    Column("authors", Strings, nullable=False),
    text_column("organization"),
    text_column("organization_handle"),
    Column("published_at", Moment),
    text_column("summary"),
    Column("keywords", Strings, nullable=False),
    Column("categories", Strings, nullable=False),
    text_column("code_url"),
    Column("code_stars", Integer),
    text_column("project_url"),
    text_column("thumbnail_url"),
    text_column("original_title"),
    text_column("original_abstract"),
)

listings = Table(
    "listings",
    metadata,
    Column("source", Text, primary_key=True),
    Column("day", Date, primary_key=True),
    Column("paper_id", ForeignKey("papers.id"), primary_key=True),
    Column("rank", Integer, nullable=False),
    Column("upvotes", Integer, nullable=False),
    Column("comments", Integer, nullable=False),
    Column("first_seen_at", Moment, nullable=False),
    # Back-filled for the archive: never reaches a digest.
    Column("archived", Boolean, nullable=False),
    Index(None, "first_seen_at"),
    Index(None, "paper_id"),
    Index(None, "day"),
)

# Each paper as it is searched (see `search`). Below it lies a full-text index, each database's own: `searched_text`
# in SQLite, `text_vector` in PostgreSQL.
searched = Table(
    "searched",
    metadata,
    Column("number", Number, primary_key=True),
    Column("paper_id", ForeignKey("papers.id"), nullable=False, unique=True),
    # Stems, as `topics.words` makes them, separated by spaces.
    Column("title", Text, nullable=False),
    Column("keywords", Text, nullable=False),
    Column("abstract", Text, nullable=False),
    Column("facts", Text, nullable=False),
    # What its listings say: the latest day, the most upvotes.
    Column("listed_on", Date, nullable=False),
    Column("upvotes", Integer, nullable=False),
    Index(None, "listed_on", "upvotes"),
    Index(None, "upvotes"),
)

collections = Table(
    "collections",
    metadata,
    Column("id", Number, primary_key=True),
    Column("source", Text, nullable=False),
    Column("day", Date, nullable=False),
    Column("step", Text, nullable=False),
    Column("papers", Integer, nullable=False),
    Column("seconds", Float, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("note", Text, nullable=False),
    Column("collected_at", Moment, nullable=False),
    Index(None, "source", "day"),
)

# What the digests of a window were chosen from, as it was when the first of them was written.
editions = Table(
    "editions",
    metadata,
    Column("window_start", Moment, primary_key=True),
    Column("window_end", Moment, primary_key=True),
    Column("since", Date, primary_key=True),
    # JSON, compressed.
    Column("papers", LargeBinary, nullable=False),
    Column("relisted", Strings, nullable=False),
)
