"""The canary flies once for all tests here."""

import pytest

from support.canary import Canary, fly


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """It takes a minute, and on a busy machine longer than other tests may."""
    for item in items:
        if "canary" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.timeout(1200))


@pytest.fixture(scope="session")
def canary(tmp_path_factory: pytest.TempPathFactory) -> Canary:
    return fly(tmp_path_factory.mktemp("canary"))
