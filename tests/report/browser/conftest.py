"""A headless Chromium for the tests of the page; they are skipped, and say why, only where it cannot be had."""

from __future__ import annotations

import importlib.util
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from cxr_report.analysis.value import Analysis
from cxr_report.report import document, page
from cxr_report.report.tables import Table

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
NEEDED = ("playwright", "axe_playwright_python")


@dataclass
class Opened:
    """A page that is open, and what it has complained of and asked for."""

    page: Any
    complaints: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def choose(self, name: str, value: str) -> None:
        """Set one of the controls as a reader would."""
        self.page.check(f'.view input[name="{name}"][value="{value}"]')

    def violations(self) -> list[str]:
        """Ask axe-core for everything that it can tell."""
        from axe_playwright_python.sync_playwright import Axe

        found = Axe().run(self.page, options={"resultTypes": ["violations"]}).response
        assert found["passes"], "axe-core has looked at nothing"
        return [f"{each['id']}: {each['nodes'][0]['html'][:200]}" for each in found["violations"]]


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """Start Chromium."""
    missing = [name for name in NEEDED if importlib.util.find_spec(name) is None]
    if missing:
        pytest.skip(f"{' and '.join(missing)} cannot be imported; run `tox -e browser`, which installs it")
    found = next((path for name in NAMES if (path := shutil.which(name))), None)
    if found is None:
        pytest.skip(f"no Chromium on this machine (looked for {', '.join(NAMES)}); on Debian: apt-get install chromium")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        started = driver.chromium.launch(executable_path=found)
        yield started
        started.close()


@pytest.fixture(scope="session")
def small_page(made_up: Callable[..., Analysis], machine: Callable[..., Table]) -> str:
    """A page with every kind of part, and few numbers: axe-core looks at each."""
    return page.render(document.compose(made_up(losses=3, seeds=3), machine()))


@pytest.fixture
def opened(browser: Any, tmp_path: Path) -> Iterator[Callable[..., Opened]]:
    """Open a page from the disk, without a network."""
    contexts = []

    def open_page(source: str, *, width: int = 1280, scheme: str = "light", script: bool = True) -> Opened:
        file = tmp_path / "report.html"
        file.write_text(source, encoding="utf-8")
        context = browser.new_context(
            viewport={"width": width, "height": 900}, color_scheme=scheme, offline=True, java_script_enabled=script
        )
        contexts.append(context)
        found = Opened(context.new_page())
        found.page.on("console", lambda message: found.complaints.append(message.text))
        found.page.on("pageerror", lambda error: found.complaints.append(str(error)))
        found.page.on("request", lambda request: found.requests.append(request.url))
        found.page.goto(file.as_uri())
        return found

    yield open_page
    for context in contexts:
        context.close()
