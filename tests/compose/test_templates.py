"""What every mail template must have, and what mail programs cannot bear."""

import re
from html.parser import HTMLParser
from itertools import pairwise

import html5lib
import pytest
from jinja2 import UndefinedError

from digest import paths
from digest.compose import MOST_HTML_BYTES, opened
from digest.compose.contents import IN_FULL
from digest.compose.pages import environment, fold
from digest.compose.sheets import LONGEST_SUBJECT
from digest.sample.mails import KEY, compose
from tests.emails import COMPOSER, a_pick, mails
from tests.support.composing import a_digest
from tests.support.factories import NOW

EMAIL = paths.templates() / "email"
FOLDERS = sorted(path.name for path in EMAIL.iterdir() if path.is_dir() and not path.name.startswith("_"))
MAILS = {name: opened(mail.content) for name, mail in mails().items()}
SAMPLES = {name: opened(mail.content) for name, mail in compose(COMPOSER, NOW).items()}
LIGHT = (EMAIL / "_layout/light.css").read_text()
DARK = re.search(
    r"prefers-color-scheme: dark\) \{(.*?)\n\}\n</style>", (EMAIL / "_layout/body.html").read_text(), re.S
)[1]


class Elements(HTMLParser):
    """Collects a page's elements with their attributes, in order, and the text of its links."""

    def __init__(self, html):
        super().__init__()
        self.found, self.links, self._within_link = [], [], False
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))
        if tag == "a":
            self.links.append("")
            self._within_link = True

    def handle_endtag(self, tag):
        self._within_link = self._within_link and tag != "a"

    def handle_data(self, data):
        if self._within_link:
            self.links[-1] += data


@pytest.fixture(params=MAILS)
def elements(request):
    return Elements(MAILS[request.param].html)


@pytest.fixture(params=MAILS)
def letter(request):
    return MAILS[request.param]


@pytest.mark.parametrize("folder", FOLDERS)
def test_an_email_folder_is_complete(folder):
    assert {"subject.txt", "body.txt", "body.html"} <= {path.name for path in (EMAIL / folder).iterdir()}


def test_every_email_folder_has_a_golden_mail():
    assert {name.partition("-")[0] for name in MAILS} == set(FOLDERS)


def test_a_page_names_its_language_its_title_and_its_colour_schemes(elements):
    """F8."""
    tags = dict(elements.found)
    assert tags["html"]["lang"] == "en"
    assert "title" in tags
    assert ("meta", {"name": "color-scheme", "content": "light dark"}) in elements.found


def test_a_layout_table_is_no_table_to_a_screen_reader(elements):
    assert {attrs.get("role") for tag, attrs in elements.found if tag == "table"} == {"presentation"}


def test_headings_begin_with_the_first_and_skip_none(elements):
    levels = [int(tag[1]) for tag, _ in elements.found if re.fullmatch(r"h\d", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))


def test_a_link_says_where_it_leads(elements):
    assert all(text.strip() and text.strip().lower() not in {"here", "click here", "link"} for text in elements.links)


def test_a_page_loads_nothing_and_runs_nothing(elements):
    """F9; a picture is only for who asked for it."""
    assert not {tag for tag, _ in elements.found} & {"img", "script", "link", "iframe", "form", "video", "svg"}


def test_a_style_uses_nothing_that_mail_programs_lack(letter):
    assert not re.search(r"flex|grid|var\(|@import|url\(|position:|float:", letter.html)


def test_a_page_reads_without_its_style_sheet(elements):
    """Some programs drop `<style>`: every element with a class bears its light style itself."""
    styled = [attrs for _, attrs in elements.found if "class" in attrs]
    assert styled
    assert all("style" in attrs for attrs in styled)


def test_a_style_is_only_for_what_cannot_be_inlined(letter):
    sheets = re.findall(r"<style[^>]*>(.*?)</style>", letter.html, re.S)
    assert len(sheets) == 1
    assert "prefers-color-scheme: dark" in sheets[0]


# Who is asked for the first time may decline, who has moved or left is written to no more or may be forgotten, and the
# operator is no reader.
WAYS_OUT = {
    "move": "/address/",
    "moved": "the last email to this address",
    "goodbye": "/delete",
    "alert": "DIGEST_OPERATOR_EMAIL",
    "trial": "Nothing else follows.",
}


@pytest.mark.parametrize("name", MAILS)
def test_every_mail_has_a_way_out_in_both_parts(name):
    """U8."""
    letter, way = MAILS[name], WAYS_OUT.get(name, "/unsubscribe/")
    assert way in letter.text
    assert way in letter.html


def test_a_stranger_who_is_asked_for_their_address_gets_no_key_of_the_reader():
    text = mails()["move"].content.decode()
    assert not re.search(r"/(unsubscribe|preferences|digest)/|List-Unsubscribe|unsubscribe\+", text)


def test_no_line_of_text_ends_in_a_space_and_no_gap_is_wide(letter):
    assert not re.search(r" \n|\n\n\n\n", letter.text)


def rules(css):
    """Read `.a, .b { color: #123456; }` as a dictionary of properties for each selector."""
    found = {}
    for selectors, body in re.findall(r"([^{}]+)\{([^{}]*)\}", re.sub(r"/\*.*?\*/", "", css, flags=re.S)):
        style = dict(re.findall(r"([\w-]+):\s*([^;!]+?)\s*(?:!important)?;", body))
        for selector in selectors.split(","):
            found.setdefault(selector.strip(), {}).update(style)
    return found


def luminance(colour):
    channels = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return sum(weight * c for weight, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(one, other):
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("css", [LIGHT, DARK], ids=["light", "dark"])
def test_every_text_has_contrast_enough(css):
    """F8: 4.5 to 1, on the ground or on what it is marked with."""
    styles = rules(css)
    ground = styles["body"]["background-color"]
    grounds = {".hit": styles[".hit"]["background-color"], ".yes": styles[".press"]["background-color"]}
    texts = {name: style["color"] for name, style in styles.items() if "color" in style}
    assert len(texts) > 8
    assert {name: c for name, c in texts.items() if contrast(c, grounds.get(name, ground)) < 4.5} == {}


def test_every_light_colour_has_a_dark_one():
    colours = {"color", "background-color", "border-top"}
    light, dark = (
        {name for name, style in rules(css).items() if colours & style.keys() or "border-color" in style}
        for css in (LIGHT, DARK)
    )
    assert light == dark


def test_a_name_that_is_not_there_is_an_error(tmp_path):
    (tmp_path / "_layout").mkdir()
    (tmp_path / "_layout/light.css").write_text(".p { color: #000000; }")
    (tmp_path / "body.txt").write_text("{{ nobody }}")
    with pytest.raises(UndefinedError):
        environment(tmp_path).get_template("body.txt").render()


def test_styles_are_inlined_around_jinja_and_leave_it_alone(tmp_path):
    (tmp_path / "_layout").mkdir()
    (tmp_path / "_layout/light.css").write_text(".p { color: #000000; }")
    row = '{% for n in [1, 2] if n > 1 %}<tr><td class="p">{{ "a < b" }}{{ n }}</td></tr>{% endfor %}'
    (tmp_path / "body.html").write_text(f"<table><tbody>{row}</tbody></table>")
    html = environment(tmp_path).get_template("body.html").render()
    assert html == '<table><tbody><tr><td class="p" style="color:#000000">a &lt; b2</td></tr></tbody></table>'


@pytest.mark.parametrize("name", SAMPLES)
def test_every_mail_is_valid_html(name):
    html5lib.HTMLParser(strict=True).parse(SAMPLES[name].html)


@pytest.mark.parametrize("name", SAMPLES)
def test_every_subject_fits_a_list_of_mails_and_shouts_at_nobody(name):
    subject = SAMPLES[name].subject
    assert 10 <= len(subject) <= LONGEST_SUBJECT + 1
    assert not re.search(r"[!$%]|\b(free|urgent|win|offer|click)\b|^(re|fwd?):", subject, re.IGNORECASE)


def test_a_picture_is_shown_to_who_asked_for_it_and_to_nobody_else():
    """F8, F9: no remote load without asking; every picture has an `alt`, empty because its title stands beside it."""
    tags = {
        name: [attrs for tag, attrs in Elements(sample.html).found if tag == "img"] for name, sample in SAMPLES.items()
    }
    assert {name for name, found in tags.items() if found} == {"digest-pictures"}
    assert len(tags["digest-pictures"]) == IN_FULL
    assert all(found["alt"] == "" and found["src"].startswith("https://") for found in tags["digest-pictures"])


@pytest.mark.parametrize(
    "url", ["http://plain.example.org/x.png", "javascript:alert(1)", "data:image/png;base64,x", ""]
)
def test_a_picture_comes_over_https_or_not_at_all(url):
    assert "<img" not in opened(a_digest(a_pick(thumbnail_url=url), pictures=True).content).html


def test_a_weekly_digest_names_the_days_it_covers_and_on_which_each_paper_was_listed():
    letter = SAMPLES["digest-weekly"]
    assert "Paper Digest · December 18 to 24 · " in letter.text.replace("\u00a0", " ")
    listed_on = re.findall(r"^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)\b", letter.text, re.MULTILINE)
    assert len(listed_on) == 10
    assert not re.search(r"^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)\b", SAMPLES["digest"].text, re.MULTILINE)


def test_the_best_papers_are_in_full_the_others_shorter_and_what_is_left_is_one_line():
    cards = re.findall(r'class="(card|brief|more)"', SAMPLES["digest-trending"].html)
    assert cards == ["card"] * IN_FULL + ["brief"] * (10 - IN_FULL) + ["more"]


def test_a_day_of_fifty_papers_fits_and_can_be_scanned():
    """F7; and five in full are a card each, the others a line: some ninety addresses, where there were 250."""
    content = compose(COMPOSER, NOW)["digest-fifty"].content
    html = SAMPLES["digest-fifty"].html
    assert len(content.partition(b"text/html")[2]) <= MOST_HTML_BYTES // 2
    assert (html.count('class="card"'), html.count('class="line"')) == (IN_FULL, 50 - IN_FULL)
    assert html.count("href=") < 100


def test_the_foot_of_a_digest_says_why_and_has_every_way_on_in_both_parts():
    """F10."""
    digest = SAMPLES["digest"]
    for said in ("You get this email every day because you follow", "12 Example Street", "#pause", f"/digest/{KEY}.0."):
        assert said in digest.html
        assert said in " ".join(digest.text.split())


def test_wide_characters_count_as_two_columns():
    assert [len(line) for line in fold("漢" * 80).splitlines()] == [36, 36, 8]


def test_a_folded_text_hangs_where_it_is_told_to():
    first, second = fold("- " + "word " * 16, indent=2, hang=2).splitlines()
    assert first.startswith("  - word")
    assert second.startswith("    word")
