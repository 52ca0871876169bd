"""Every mail in a real browser: accessible, nowhere too wide, readable whatever is taken away."""

import base64
import re
from contextlib import contextmanager

import pytest
from axe_playwright_python.sync_playwright import Axe

from digest.compose import opened
from digest.sample.mails import compose
from tests.emails import COMPOSER
from tests.support.browser import CHROMIUM, FLAGS, NARROWEST, NEEDS_CHROMIUM, SCHEMES
from tests.support.factories import NOW

pytestmark = NEEDS_CHROMIUM

MAILS = {name: opened(mail.content).html for name, mail in compose(COMPOSER, NOW).items()}
PAINTED = (
    *("h1", ".of", ".under a", ".entry a", ".title", ".label", ".text", ".hit"),
    *(".meta", ".links a", ".foot .quiet", ".ways a"),
)
FORCED = ["--enable-features=WebContentsForceDark", "--blink-settings=forceDarkModeEnabled=true"]
STYLE = re.compile(r"<style.*?</style>", re.S)
# What a mail program that knows only its own dark mode makes of a mail: without sheet and without scheme.
SCHEMELESS = re.compile(r'<style.*?</style>|<meta name="(supported-)?color-schemes?"[^>]*>', re.S)
# Large enough that the middle of a letter's stroke has its full colour.
SCALE = 4
LUMINANCES = """async (png) => {
  const picture = new Image(); picture.src = png; await picture.decode();
  const canvas = new OffscreenCanvas(picture.width, picture.height), context = canvas.getContext("2d");
  context.drawImage(picture, 0, 0);
  const linear = (c) => (c /= 255) <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  const pixels = context.getImageData(0, 0, picture.width, picture.height).data, found = [];
  for (let i = 0; i < pixels.length; i += 4)
    found.push(0.2126 * linear(pixels[i]) + 0.7152 * linear(pixels[i + 1]) + 0.0722 * linear(pixels[i + 2]));
  return [found.reduce((a, b) => Math.min(a, b)), found.reduce((a, b) => Math.max(a, b))];
}"""


@contextmanager
def tab(browser, **wanted):
    context = browser.new_context(**wanted)
    # The pictures of the sample lead nowhere.
    context.route("https://**", lambda route: route.abort())
    page = context.new_page()
    yield page
    context.close()


def violations(page, asked):
    found = Axe().run(page, options=asked).response["violations"]
    return [
        (rule["id"], rule["impact"], node["html"][:120])
        for rule in found
        if rule["impact"] in ("serious", "critical")
        for node in rule["nodes"]
    ]


def test_every_mail_is_accessible(chromium):
    """F8: axe-core finds nothing serious or critical, its contrasts included."""
    wrong = {}
    with tab(chromium, viewport={"width": 600, "height": 900}) as page:
        for name, html in MAILS.items():
            page.set_content(html)
            for scheme, asked in SCHEMES.items():
                page.emulate_media(color_scheme=scheme)
                wrong[name, scheme] = violations(page, asked)
    assert {mail: found for mail, found in wrong.items() if found} == {}


def bare(html):
    """A mail without any style at all; words break only where every mail program breaks them."""
    return re.sub(r' style="[^"]*"', "", STYLE.sub("", html)).replace("<body>", '<body style="overflow-wrap:anywhere">')


@pytest.mark.parametrize("taken", [str, lambda html: STYLE.sub("", html), bare], ids=["nothing", "sheet", "all style"])
def test_no_mail_is_wider_than_the_smallest_phone_whatever_style_is_taken(chromium, taken):
    """F9."""
    with tab(chromium, viewport={"width": NARROWEST, "height": 600}) as page:
        for name, html in MAILS.items():
            page.set_content(taken(html))
            assert page.evaluate("document.documentElement.scrollWidth") <= NARROWEST, name


def test_every_mail_says_everything_without_pictures_and_without_style(chromium):
    """F9: a picture says nothing that the text does not, and no style hides a word but the preview's."""
    with tab(chromium) as page:
        for name, html in MAILS.items():
            page.set_content(html)
            seen = page.inner_text("[role=article]")
            page.set_content(bare(html))
            assert page.inner_text("[role=article]").split() == seen.split(), name


def painted_contrast(page, selector):
    """The contrast between the darkest and the lightest point of an element, as painted, and its lighter side."""
    png = page.locator(selector).first.screenshot()
    dark, light = page.evaluate(LUMINANCES, "data:image/png;base64," + base64.b64encode(png).decode())
    return (light + 0.05) / (dark + 0.05)


def luminance_of_the_ground(page):
    png = page.screenshot(clip={"x": 0, "y": 0, "width": 4, "height": 4})
    return page.evaluate(LUMINANCES, "data:image/png;base64," + base64.b64encode(png).decode())[1]


@pytest.mark.parametrize("look", ["light", "dark", "forced", "forced without style"])
def test_what_is_painted_can_be_read(chromium, look):
    """F8, F9: 4.5 to 1 measured in the pixels, also where the program darkens a mail by itself."""
    forced = look.startswith("forced")
    browser = chromium.browser_type.launch(executable_path=CHROMIUM, args=FLAGS + FORCED) if forced else chromium
    html = SCHEMELESS.sub("", MAILS["digest"]) if look.endswith("style") else MAILS["digest"]
    scheme = "dark" if look == "dark" else "light"
    with tab(browser, color_scheme=scheme, viewport={"width": 600, "height": 900}, device_scale_factor=SCALE) as page:
        page.set_content(html)
        ground = luminance_of_the_ground(page)
        assert ground > 0.9 if look == "light" else ground < 0.1
        for selector in PAINTED:
            assert painted_contrast(page, selector) >= 4.5, selector
    if forced:
        browser.close()
