"""The report in a browser, as axe judges it: light, dark, on a phone, at a desk."""

from __future__ import annotations

import pytest

playwright = pytest.importorskip("playwright.sync_api")
axe = pytest.importorskip("axe_playwright_python.sync_playwright")
pytestmark = [pytest.mark.browser, pytest.mark.slow]
AT_MOST = 20_000  # milliseconds
PHONE, DESK = 390, 1280


@pytest.fixture
def opened(browser, report):
    """Opens a report; whatever goes wrong in it, and whatever it asks for, fails the test."""
    contexts, wrong = [], []

    def opened(case: str, width: int = DESK, scheme: str = "light", **settings):
        page_file = (report(case) / "report.html").as_uri()
        context = browser.new_context(
            viewport={"width": width, "height": 900}, color_scheme=scheme, **settings
        )
        context.set_default_timeout(AT_MOST)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda said: wrong.append(said.text) if said.type == "error" else None)
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("request", lambda asked: asked.url == page_file or wrong.append(asked.url))
        page.goto(page_file)
        return page

    yield opened
    for context in contexts:
        context.close()
    assert wrong == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [PHONE, DESK])
@pytest.mark.parametrize("case", ["one run", "two runs", "many classes"])
def test_axe_finds_no_violation(opened, case, width, scheme):
    page = opened(case, width, scheme, bypass_csp=True)  # or axe itself could not be put in
    page.get_by_label("Colour each character").first.check()  # all colours, on all they stand on
    found = axe.Axe().run(page)
    assert found.violations_count == 0, found.generate_report()


@pytest.mark.parametrize("case", ["one run", "two runs", "many classes"])
def test_on_a_phone_what_goes_on_beside_has_a_cue_and_nothing_else_is_cut(opened, case):
    page = opened(case, PHONE)
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE
    cut = page.evaluate(
        """() => [...document.querySelectorAll("main *, header *, nav *")].filter(element => {
          if (element.closest(".hidden, [hidden], svg, option, th[scope]")) return false;
          const box = element.getBoundingClientRect();
          return box.width > 0 && box.right > innerWidth + 1 && !element.closest(".scroll");
        }).map(element => element.outerHTML.slice(0, 200))"""
    )
    assert cut == []
    for box in page.locator(".scroll").all():
        goes_on = box.evaluate("e => e.scrollWidth - e.clientWidth > 4")
        assert goes_on == ("more" in (box.get_attribute("class") or "").split())


def test_everything_is_reached_by_the_keyboard(opened):
    page = opened("one run")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the scores"
    cell = page.locator(".matrix td a").first
    cell.focus()
    label, taken = cell.get_attribute("data-is"), cell.get_attribute("data-as")
    page.keyboard.press("Enter")
    form = page.locator("#run0-errors-filter")
    playwright.expect(form.locator("[name=is]")).to_have_value(label)
    playwright.expect(form.locator("[name=as]")).to_have_value(taken)
    shown = page.locator("#run0-errors-list li:visible")
    playwright.expect(shown).to_have_count(int(cell.text_content()))


def test_printed_it_hides_nothing(opened):
    page = opened("many classes")
    page.emulate_media(media="print")
    hidden = page.evaluate(
        """() => [...document.querySelectorAll(".long, .matrix, .scroll, pre")].filter(
          e => getComputedStyle(e).overflow !== "visible" && e.scrollHeight > e.clientHeight + 1
        ).map(e => e.id || e.className)"""
    )
    assert hidden == []
    assert page.locator("nav").is_hidden()
