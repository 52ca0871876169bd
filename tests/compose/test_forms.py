"""Pages with blanks, and pieces that are quoted apart: filled in and joined, they are what they would be as a whole."""

import quopri
import re
import sys

import pytest
from dkim.canonicalization import Relaxed
from hypothesis import given
from hypothesis import strategies as st
from wcwidth import wcwidth, wrap

from digest import paths
from digest.compose.forms import form, shape
from digest.compose.marking import Run
from digest.compose.mime import quoted
from digest.compose.pages import COLUMNS, NARROW, RUNS, compile_all, environment, fold

texts = st.text(st.sampled_from("ab =.\n\u00a0é漢😀") | st.characters(exclude_categories=["Cs", "Cc"]), max_size=200)
PAGES = environment(paths.templates() / "email")


@pytest.fixture
def filled(tmp_path):
    """Gives a function that writes a template, leaves its blanks open, and fills them in."""
    (tmp_path / "_layout").mkdir()
    (tmp_path / "_layout/light.css").write_text("")
    pages = environment(tmp_path)

    def fill(source, file="body.txt", said=None, **values):
        (tmp_path / file).write_text(source)
        pages.cache.clear()
        return form(pages.get_template(file), said or {}, shape(values), str.encode).filled(values).decode()

    return fill


def test_a_blank_is_printed_as_any_other_value(filled):
    assert filled("Dear {{ name }}, {{ name }}!", name="Ada") == "Dear Ada, Ada!"


def test_a_filter_waits_until_a_blank_is_filled_in(filled):
    assert filled("{{ why | starred | fold(2) }}.", why=[Run("you follow "), Run("tides", marked=True)]) == (
        "  you follow *tides*."
    )


def test_a_page_of_html_escapes_what_is_filled_in_and_a_text_does_not(filled):
    assert filled("<p>{{ name }}</p>", "body.html", name="<b>") == "<p>&lt;b&gt;</p>"
    assert filled("{{ name }}", name="<b>") == "<b>"


def test_a_template_may_ask_whether_there_is_a_value(filled):
    page = "{% if also %}Also {{ also }}{% else %}Nothing{% endif %}"
    assert filled(page, also="this") == "Also this"
    assert filled(page, also="") == "Nothing"


@pytest.mark.parametrize(
    "source",
    ["{{ 'x' ~ name }}", "{% for n in name %}{{ n }}{% endfor %}", "{{ name | upper }}", "{{ name | length }}"],
)
def test_what_would_be_one_answer_for_all_readers_is_an_error(filled, source):
    with pytest.raises(TypeError):
        filled(source, name="Ada")


def test_nothing_from_outside_passes_for_a_blank(filled):
    marks = "".join(map(chr, range(0xFDD0, 0xFDF0)))
    assert filled("{{ topic }}|{{ name }}", said={"topic": marks}, name=marks) == " " * 32 + "|" + " " * 32


@given(st.lists(st.builds(Run, texts, st.booleans()), max_size=5))
@pytest.mark.parametrize("name", ["marked", "named"])
def test_runs_are_printed_as_their_macro_prints_them(name, runs):
    macro = getattr(PAGES.get_template(RUNS).module, name)
    assert PAGES.globals[name](runs) == macro(runs)


@given(texts, st.integers(0, 4), st.integers(0, 4))
def test_a_text_is_folded_as_wcwidth_folds_it(text, indent, hang):
    lines = wrap(
        " ".join(text.split()),
        COLUMNS,
        initial_indent=" " * indent,
        subsequent_indent=" " * (indent + hang),
        break_on_hyphens=False,
    )
    assert fold(text, indent, hang).rstrip() == "\n".join(lines).rstrip()


@given(st.lists(st.text(st.sampled_from("abc–é"), min_size=1, max_size=90), max_size=40), st.integers(0, 4))
def test_a_narrow_text_is_folded_as_wcwidth_folds_it(words, indent):
    expected = wrap(
        " ".join(words), COLUMNS, initial_indent=" " * indent, subsequent_indent=" " * indent, break_on_hyphens=False
    )
    assert fold(" ".join(words), indent).rstrip() == "\n".join(expected).rstrip()


def test_what_is_called_narrow_takes_one_column():
    narrow = [chr(code) for code in range(sys.maxunicode + 1) if NARROW.fullmatch(chr(code))]
    assert len(narrow) > 700
    assert {wcwidth(character) for character in narrow} == {1}


@given(st.lists(texts | st.sampled_from(["a  b", "a ", " b", "a\n", "  \n", "x" * 75, "x" * 76, "é" * 25, "=", "."])))
def test_pieces_quoted_apart_join_to_the_text(pieces):
    joined = b"".join(quoted(piece) for piece in pieces)
    assert quopri.decodestring(joined).replace(b"\r\n", b"\n").decode() == "".join(pieces)
    assert all(len(line) <= 76 for line in joined.split(b"\r\n"))
    assert not re.search(rb"(?<!\r)\n|\r(?!\n)", joined)


@given(st.lists(texts | st.sampled_from(["a  b", "   ", "a\n", " \n", "\n\n\n"])))
def test_a_quoted_text_is_in_relaxed_form_as_it_stands(pieces):
    """RFC 6376, section 3.4.4: so nobody has to canonicalise a body to sign it."""
    body = b"".join(quoted(piece) for piece in pieces) + b"\r\n--end\r\n"
    assert Relaxed.canonicalize_body(body) == body


def test_a_template_is_compiled_once_for_all_services_of_a_process_and_anew_when_it_changes(tmp_path):
    (tmp_path / "_layout").mkdir()
    (tmp_path / "_layout/light.css").write_text("")
    (tmp_path / "body.html").write_text("{{ name }}")
    compile_all(tmp_path)
    code = {environment(tmp_path).get_template("body.html").root_render_func.__code__ for _ in range(2)}
    assert len(code) == 1
    (tmp_path / "body.html").write_text("Dear {{ name }}")
    assert environment(tmp_path).get_template("body.html").render(name="Ada") == "Dear Ada"
