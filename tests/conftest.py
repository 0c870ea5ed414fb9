"""What holds for all tests: how many random examples a property gets.

Two profiles of Hypothesis: `full`, and `unit` (`make unit`) with a tenth of the examples. A test asks for its share by
`examples(n)`, n being its number in the full profile.
"""

from hypothesis import settings

settings.register_profile("full", max_examples=100, deadline=None)
settings.register_profile("unit", max_examples=10, deadline=None)
settings.load_profile("full")
