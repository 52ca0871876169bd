"""The templates of the mails: a folder each over `_layout`, their CSS inlined as they load. Refuses remote styles."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import cache, lru_cache
from pathlib import Path
from types import CodeType

import wcwidth
from css_inline import CSSInliner
from jinja2 import BytecodeCache, Environment, FileSystemLoader, StrictUndefined, select_autoescape
from jinja2.bccache import Bucket
from jinja2.ext import Extension
from markupsafe import Markup, escape

from digest.compose.forms import MARKS, final, patient
from digest.compose.marking import Run
from digest.compose.mime import printable

COLUMNS = 72
# Letters and marks of one column each, so that a line of them can be counted without looking at each.
NARROW = re.compile(
    r"[ -~\u00a1-\u00ac\u00ae-\u02ff\u0370-\u0377\u0391-\u03a1\u03b1-\u03c9\u2010-\u2027\u2030-\u205e]*"
)
# Titles, excerpts and what readers follow, of a busy week; half a kB each.
KEEP_FOLDED = 2048
LIGHT = "_layout/light.css"
RUNS = "_layout/runs.html"
JINJA = re.compile(r"\{%.*?%\}|\{\{.*?\}\}|\{#.*?#\}", re.DOTALL)
KEPT = re.compile(r"<!--kept(\d+)-->|kept(\d+)kept")


class InlinedStyle(Extension):
    """Turn the light style sheet into `style` attributes when a template is compiled: once, and never for a mail."""

    def preprocess(self, source: str, name: str | None, filename: str | None = None) -> str:
        if not (name or "").endswith(".html"):
            return source
        assert self.environment.loader
        css = self.environment.loader.get_source(self.environment, LIGHT)[0]
        return _around_jinja(source, lambda html: _inlined(html, css))


class Compiled(BytecodeCache):
    """Templates compiled once in a process, however many services it makes, and for all processes that come of it."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[str, CodeType | None]] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        of, code = self._known.get(bucket.key, ("", None))
        # The same source; what is inlined into it is not looked at again.
        bucket.code = code if of == bucket.checksum else None

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._known[bucket.key] = bucket.checksum, bucket.code


COMPILED = Compiled()


def compile_all(folder: Path) -> None:
    """Compile the templates of a folder before they are needed: it takes a tenth of a second, once."""
    pages = environment(folder)
    for name in pages.list_templates(["html", "txt"]):
        pages.get_template(name)


def _inlined(html: str, css: str) -> str:
    inliner = CSSInliner(load_remote_stylesheets=False, minify_css=True, extra_css=css)
    return inliner.inline(html) if "<html" in html else inliner.inline_fragment(html, css)


def _around_jinja(source: str, change: Callable[[str], str]) -> str:
    """Change the HTML of a template. Its tags wait as comments, which no HTML parser moves, its values as words.

    The same value is the same word, so that it may name an element where that begins and where it ends.
    """
    kept: list[str] = []

    def keep(tag: re.Match[str]) -> str:
        if tag[0] not in kept:
            kept.append(tag[0])
        number = kept.index(tag[0])
        return f"kept{number}kept" if tag[0].startswith("{{") else f"<!--kept{number}-->"

    changed = change(JINJA.sub(keep, source))
    return KEPT.sub(lambda place: kept[int(place[1] or place[2])], changed)


def plain(runs: Iterable[Run]) -> str:
    return "".join(run.text for run in runs)


def labelled(runs: Iterable[Run], label: str) -> str:
    return f"{label}: {plain(runs)}" if label else plain(runs)


def starred(runs: Iterable[Run]) -> str:
    return "".join(f"*{run.text}*" if run.marked else run.text for run in runs)


@lru_cache(KEEP_FOLDED)
def fold(text: str, indent: int = 0, hang: int = 0) -> str:
    """Break text into lines of 72 columns, wide characters counted as two. No line of it is a link."""
    first, later = " " * indent, " " * (indent + hang)
    clean = " ".join(printable(text).split())
    is_narrow = clean.isascii() or NARROW.fullmatch(clean)
    lines = _narrow_lines(first + clean, later) if is_narrow else None
    return "\n".join(
        lines or wcwidth.wrap(clean, COLUMNS, initial_indent=first, subsequent_indent=later, break_on_hyphens=False)
    )


def _narrow_lines(text: str, later: str) -> list[str] | None:
    """Break a text whose every character takes a column; None where a word has to be broken."""
    lines = []
    while len(text) > COLUMNS:
        end = text.rfind(" ", 0, COLUMNS + 1)
        if not text[: max(end, 0)].strip():
            return None
        lines.append(text[:end])
        text = later + text[end + 1 :]
    return [*lines, text]


def environment(folder: Path) -> Environment:
    """Open the templates of a folder: escaped in HTML, and loud about a name that is not there."""
    pages = Environment(
        loader=FileSystemLoader(folder),
        autoescape=select_autoescape(["html"]),
        undefined=StrictUndefined,
        finalize=final,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        extensions=[InlinedStyle],
        auto_reload=False,
        bytecode_cache=COMPILED,
    )
    pages.filters |= {
        "plain": patient(plain),
        "labelled": patient(labelled),
        "starred": patient(starred),
        "fold": patient(fold),
    }
    pages.globals |= {name: patient(_printer(pages, name)) for name in ("marked", "named")}
    return pages


def _printer(pages: Environment, name: str) -> Callable[[Iterable[Run]], Markup]:
    """Make what prints runs as the macro of this name dresses the marked ones, for a tenth of its time."""

    begin, end = MARKS[:2]

    @cache
    def dress() -> tuple[str, str]:
        before, after = getattr(pages.get_template(RUNS).module, name)([Run(begin, marked=True)]).split(begin)
        return before, after

    def printed(runs: Iterable[Run]) -> Markup:
        before, after = dress()
        text = "".join([f"{begin}{printable(word)}{end}" if marked else printable(word) for word, marked in runs])
        return Markup(str(escape(text)).replace(begin, before).replace(end, after))

    return printed
