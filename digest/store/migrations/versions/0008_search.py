"""Let stored papers be searched: their words as the topics know them, under each database's own full-text index.

Version 0.x of the service that does not know the table writes papers without it; `digest collect` catches up.
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

TEXTS = ("title", "keywords", "abstract", "facts")
SQLITE = (
    f"CREATE VIRTUAL TABLE searched_text USING fts5({', '.join(TEXTS)}, content='searched', content_rowid='number', "
    "tokenize='ascii')",
    "CREATE TRIGGER searched_added AFTER INSERT ON searched BEGIN INSERT INTO searched_text(rowid, title, keywords, "
    "abstract, facts) VALUES (new.number, new.title, new.keywords, new.abstract, new.facts); END",
    "CREATE TRIGGER searched_removed AFTER DELETE ON searched BEGIN INSERT INTO searched_text(searched_text, rowid, "
    "title, keywords, abstract, facts) VALUES ('delete', old.number, old.title, old.keywords, old.abstract, "
    "old.facts); END",
    "CREATE TRIGGER searched_changed AFTER UPDATE OF title, keywords, abstract, facts ON searched BEGIN "
    "INSERT INTO searched_text(searched_text, rowid, title, keywords, abstract, facts) VALUES ('delete', old.number, "
    "old.title, old.keywords, old.abstract, old.facts); "
    "INSERT INTO searched_text(rowid, title, keywords, abstract, facts) VALUES (new.number, new.title, new.keywords, "
    "new.abstract, new.facts); END",
)
WEIGHED = " || ".join(
    f"setweight(to_tsvector('simple', {text}), '{weight}')" for text, weight in zip(TEXTS, "ABCD", strict=True)
)
POSTGRESQL = (
    f"ALTER TABLE searched ADD COLUMN text_vector tsvector GENERATED ALWAYS AS ({WEIGHED}) STORED",
    "CREATE INDEX ix_searched_text_vector ON searched USING gin (text_vector)",
)


def upgrade() -> None:
    op.create_table(
        "searched",
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True),
        sa.Column("paper_id", sa.Text, sa.ForeignKey("papers.id", name="fk_searched_paper_id"), nullable=False),
        *(sa.Column(name, sa.Text, nullable=False) for name in TEXTS),
        sa.Column("listed_on", sa.Date, nullable=False),
        sa.Column("upvotes", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_searched"),
        sa.UniqueConstraint("paper_id", name="uq_searched_paper_id"),
    )
    op.create_index("ix_searched_listed_on_upvotes", "searched", ["listed_on", "upvotes"])
    op.create_index("ix_searched_upvotes", "searched", ["upvotes"])
    for statement in SQLITE if op.get_bind().dialect.name == "sqlite" else POSTGRESQL:
        op.execute(statement)


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        op.execute("DROP TABLE searched_text")
    op.drop_table("searched")
