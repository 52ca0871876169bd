"""Many values in one parameter, so that a statement is the same text for any number of them.

The driver looks at each parameter, and at each place for one in the text, in Python: as JSON, a group of 200 rows
costs a sixth of what lists of its columns do, and what is always the same text is prepared once.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Boolean, ColumnElement, bindparam
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import Text


class _Among(FunctionElement[bool]):
    """A column of numbers, and some of them as a JSON array."""

    type = Boolean()
    inherit_cache = True


@compiles(_Among, "sqlite")
def _on_sqlite(element: _Among, compiler: SQLCompiler, **more: Any) -> str:  # noqa: ANN401 - what a compiler passes on
    column, numbers = (compiler.process(each, **more) for each in element.clauses)
    return f"{column} IN (SELECT value FROM json_each({numbers}))"


@compiles(_Among, "postgresql")
def _on_postgresql(element: _Among, compiler: SQLCompiler, **more: Any) -> str:  # noqa: ANN401 - the same
    column, numbers = (compiler.process(each, **more) for each in element.clauses)
    # An array of PostgreSQL's is written as one of JSON is, but for its brackets.
    return f"{column} = ANY (CAST(translate({numbers}, '[]', '{{}}') AS bigint[]))"


def among(column: ColumnElement[int], numbers: Collection[int]) -> ColumnElement[bool]:
    """Whether a column has one of these numbers."""
    return _Among(column, bindparam(None, json.dumps(list(numbers)), Text, unique=True))


def as_array(numbers: Iterable[int]) -> str:
    """Write numbers as an array of PostgreSQL's."""
    return "{" + ",".join(map(str, numbers)) + "}"


def as_rows(rows: Iterable[Mapping[str, Any]]) -> str:
    """Write rows for `json_to_recordset` of PostgreSQL, which finds their columns by name."""
    return _ENCODER.encode(list(rows))


_ENCODER = json.JSONEncoder(default=datetime.isoformat, separators=(",", ":"))
