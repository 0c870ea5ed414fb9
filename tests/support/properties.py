"""How many examples a property gets, by the profile in force (tests/conftest.py)."""

from hypothesis import settings


def examples(full: int) -> int:
    """`full` of them in profile `full`, a tenth in profile `unit`, at least 2."""
    share = settings.get_profile(settings.get_current_profile_name()).max_examples / 100
    return max(2, round(full * share))
