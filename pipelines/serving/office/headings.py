"""The fixed texts of official papers by the day from which they hold (headings.csv beside this module).

Issuing body, number and wording of a form change by circular: a new row with its `valid_from` is all that takes. A
warehouse may have rows of its own in `form_headings.csv`; where both have one of the same day, its own wins.
"""

from __future__ import annotations

import csv
from datetime import date
from pathlib import Path

from pipelines.config import Settings

SEED = Path(__file__).parent / "headings.csv"


def headings(settings: Settings, paper: str, day: date) -> dict[str, str]:
    """The texts of a paper (form_ii06, letter) as they hold on a day: key → text, in Vietnamese as these papers are."""
    found: dict[str, tuple[date, str]] = {}
    for file in (SEED, settings.layout.form_headings):
        for row in _rows(file):
            since = date.fromisoformat(row["valid_from"])
            if row["paper"] == paper and since <= day and since >= found.get(row["key"], (since, ""))[0]:
                found[row["key"]] = (since, row["text"])
    return {key: text for key, (_, text) in found.items()}


def _rows(file: Path) -> list[dict[str, str]]:
    if not file.exists():
        return []
    with file.open(encoding="utf-8-sig", newline="") as lines:
        return list(csv.DictReader(lines))
