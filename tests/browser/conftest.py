"""A real browser for the pages that LiRAP writes: headless Chromium without a network, and axe-core.

Under CI=true a missing browser or axe-core fails, elsewhere it skips; either says what to install.
"""

import json
import os
import shutil
from pathlib import Path

import pytest

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
AXE = Path.home() / ".cache" / "lirap-axe" / "node_modules" / "axe-core" / "axe.min.js"
PHONE, DESK = 375, 1280


def absent(what):
    (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(what)


# Not for the whole session: while Playwright runs, its thread has a running event loop, and asyncio.run would fail in
# whatever test comes next.
@pytest.fixture(scope="module")
def browser():
    """Headless Chromium, for the tests of one module."""
    from playwright.sync_api import sync_playwright

    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    if found is None:
        absent("no Chromium; install one: apt-get install chromium")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=found, args=["--no-sandbox", "--disable-quic"])
        yield chromium
        chromium.close()


@pytest.fixture
def open_page(browser):
    """Open a file or an address: `open_page(path, scheme="dark", width=PHONE)`; closed after the test.

    Without a network, unless `network=True`. The page's `errors` lists whatever failed in it: errors of scripts,
    messages on the console, dialogs, and requests that would have left the file.
    """
    contexts = []

    def open_page(target, *, scheme="light", width=DESK, height=900, network=False):
        context = browser.new_context(
            color_scheme=scheme, viewport={"width": width, "height": height}, offline=not network
        )
        contexts.append(context)
        page = context.new_page()
        page.errors = []
        page.on("pageerror", lambda error: page.errors.append(str(error)))
        page.on("console", lambda said: page.errors.append(said.text) if said.type == "error" else None)
        page.on("dialog", lambda dialog: (page.errors.append(dialog.message), dialog.dismiss()))
        page.on("requestfailed", lambda request: page.errors.append(request.url))
        page.goto(target.as_uri() if isinstance(target, Path) else target)
        return page

    yield open_page
    for context in contexts:
        context.close()


@pytest.fixture(scope="session")
def axe():
    """The text of axe.min.js: from LIRAP_AXE, or from where the message says it is looked for."""
    path = Path(os.environ.get("LIRAP_AXE", AXE))
    if not path.is_file():
        absent(f"no {path}; install it: npm install --prefix {AXE.parents[2]} axe-core, or name one by LIRAP_AXE")
    return path.read_text(encoding="utf-8")


@pytest.fixture
def violations(axe):
    """Ask axe-core what is wrong with a page: `violations(page)`, a sentence each, empty when nothing is."""

    def violations(page):
        page.evaluate(axe)
        found = page.evaluate("axe.run().then(results => results.violations)")
        return [
            f"{one['id']}: {one['help']}: {json.dumps([node['html'][:200] for node in one['nodes'][:3]])}"
            for one in found
        ]

    return violations


@pytest.fixture
def screenshots(tmp_path):
    """The folder for pictures of what was tested: that of LIRAP_SCREENSHOTS, to look at them."""
    folder = Path(os.environ.get("LIRAP_SCREENSHOTS", tmp_path))
    folder.mkdir(parents=True, exist_ok=True)
    return folder
