"""The page at / in a real browser: labels and colours follow what is typed."""

from __future__ import annotations

import pytest

playwright = pytest.importorskip("playwright.sync_api")
pytestmark = pytest.mark.browser
AT_MOST = 20_000  # milliseconds
playwright.expect.set_options(timeout=AT_MOST)


@pytest.fixture
def page(browser, server):
    """The page, on a phone; whatever goes wrong in it fails the test."""
    context = browser.new_context(viewport={"width": 390, "height": 844}, reduced_motion="reduce")
    context.set_default_timeout(AT_MOST)
    page = context.new_page()
    wrong: list[str] = []
    # The browser reports answers with an error status by itself; a test makes some.
    page.on(
        "console",
        lambda said: (
            wrong.append(said.text)
            if said.type == "error" and "status of 503" not in said.text
            else None
        ),
    )
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on(
        "request",
        lambda asked: (
            None if asked.url.startswith((server.url, "data:")) else wrong.append(asked.url)
        ),
    )
    page.goto(server.url)
    playwright.expect(page.get_by_label("Text")).to_be_focused()
    yield page
    context.close()
    assert wrong == []


def first_label(page):
    return playwright.expect(page.locator("li .name").first)


def note(page):
    return playwright.expect(page.locator("#note"))


def rows(page):
    return playwright.expect(page.locator("li"))


def coloured(page, kind: str) -> str:
    return "".join(page.locator(f".behind span[class^={kind}]").all_text_contents())


@pytest.mark.slow
def test_labels_and_colours_follow_the_typing(page):
    page.keyboard.type("the shop is sad")
    first_label(page).to_have_text("bad")
    note(page).to_contain_text("sad +")
    assert sorted(page.locator("li .name").all_text_contents()) == ["bad", "good", "question"]
    assert set(coloured(page, "f")) & set("sad")
    assert page.locator(".behind").text_content().rstrip("\u200b") == "the shop is sad"
    playwright.expect(page.get_by_role("status")).to_contain_text("bad, ")
    page.keyboard.press("Control+A")
    page.keyboard.type("who is it")
    first_label(page).to_have_text("question")
    page.keyboard.press("Control+A")
    page.keyboard.press("Delete")
    playwright.expect(page.locator("section")).to_be_hidden()


def test_without_a_mouse(page):
    page.keyboard.type("sad shop")
    rows(page).to_have_count(3)
    note(page).to_contain_text("sad +")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    focused = page.locator("button:focus")
    second = focused.locator(".name").inner_text()
    page.keyboard.press("Enter")
    note(page).to_contain_text(f"against {second}")
    playwright.expect(focused).to_have_attribute("aria-pressed", "true")
    playwright.expect(focused.locator(".name")).to_have_text(second)
    page.keyboard.press("Enter")
    note(page).to_contain_text("against bad")


def test_long_texts_and_long_words_fit_a_phone(page):
    page.locator("textarea").fill("sad " * 300 + "x" * 300)
    note(page).to_contain_text("up to 500")
    page.locator("textarea").fill("x" * 300 + "\n\nsad\n")
    note(page).to_contain_text("for")
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    field, behind = (page.locator(name).bounding_box() for name in ("textarea", ".behind"))
    assert field == behind
    assert page.evaluate(
        "(f => f.scrollHeight <= f.clientHeight + 1)(document.querySelector('textarea'))"
    )


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_contrast(page, scheme):
    """Text has a contrast of 4.5 with whatever stands behind it (WCAG 2.2, AA)."""
    page.emulate_media(color_scheme=scheme)
    colours = page.evaluate(
        """() => {
          const style = getComputedStyle(document.documentElement);
          const names = ["paper", "panel", "ink", "muted", "accent", "rule",
            "for-1", "for-2", "for-3", "against-1", "against-2", "against-3"];
          return Object.fromEntries(names.map((n) => [n, style.getPropertyValue("--" + n).trim()]));
        }"""
    )

    def luminance(colour: str) -> float:
        channels = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    def contrast(one: str, other: str) -> float:
        low, high = sorted((luminance(colours[one]), luminance(colours[other])))
        return (high + 0.05) / (low + 0.05)

    for shade in ("for-1", "for-2", "for-3", "against-1", "against-2", "against-3"):
        assert contrast("ink", shade) >= 4.5, shade
    for ink in ("ink", "muted", "accent"):
        for ground in ("paper", "panel"):
            assert contrast(ink, ground) >= 4.5, (ink, ground)
    assert contrast("rule", "paper") >= 3  # the field's border


@pytest.mark.slow
def test_a_server_that_is_away_is_said_and_asked_again(page, server):
    page.route("**/explain", lambda route: route.fulfill(status=503, json={"error": "busy"}))
    page.keyboard.type("sad")
    note(page).to_contain_text("busy")
    page.unroute("**/explain")
    first_label(page).to_have_text("bad")


def test_every_part_has_a_name(page):
    page.keyboard.type("sad")
    rows(page).to_have_count(3)
    assert page.get_by_label("Text").count() == 1
    assert page.get_by_role("heading", level=1).count() == 1
    assert page.get_by_role("button").count() == 3
    for button in page.get_by_role("button").all():
        assert "%" in button.inner_text()
    assert page.locator("html[lang=en]").count() == 1


def test_the_documentation(page, server):
    page.goto(f"{server.url}/docs")
    assert "/predict" in page.locator("h2").first.inner_text()
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
