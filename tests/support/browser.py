"""A real browser that talks to nobody of its own accord."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

CHROMIUM = Path("/usr/bin/chromium")
QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)


@contextmanager
def chromium() -> Iterator[Browser]:
    """Debian's Chromium; without it the test is skipped, and fails where FLANEUR_REQUIRE_BROWSER is 1, as in CI."""
    if not CHROMIUM.exists():
        if os.environ.get("FLANEUR_REQUIRE_BROWSER") == "1":
            pytest.fail(f"FLANEUR_REQUIRE_BROWSER is set and there is no {CHROMIUM}; apt-get install chromium")
        pytest.skip(f"there is no {CHROMIUM}; apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=list(QUIET))
        yield browser
        browser.close()
