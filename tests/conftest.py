"""What holds for all tests: how many random examples a property gets, and a district that several files read.

Two profiles of Hypothesis: `full`, and `unit` (`make unit`) with a tenth of the examples. A test asks for its share by
`examples(n)`, n being its number in the full profile.
"""

from __future__ import annotations

import pytest
from hypothesis import settings

from tests.support.district import District, publish_district

settings.register_profile("full", max_examples=100, deadline=None)
settings.register_profile("unit", max_examples=10, deadline=None)
settings.load_profile("full")


@pytest.fixture(scope="session")
def district(tmp_path_factory: pytest.TempPathFactory) -> District:
    """Nobody writes into it: what must be changed is copied first."""
    return publish_district(tmp_path_factory.mktemp("district"))
