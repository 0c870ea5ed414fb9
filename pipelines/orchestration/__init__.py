"""Dagster's wiring, one module per concept: assets, checks, jobs, schedules, sensors, partitions, resources.

What the steps do stands in `portal`, `landing`, `expectations` and `warehouse`, which know nothing of Dagster.
"""
