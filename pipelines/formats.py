"""Figures as people of a language write them: 33.653 and 51,25 % in Vietnamese, 33,653 and 51.25% in English."""

from __future__ import annotations

from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

#: Where there is no figure.
NOTHING = "–"


class Formats:
    """How one language writes figures. Every method gives `–` for None."""

    def __init__(self, lang: str) -> None:
        self.lang = lang

    def number(self, value: float | Decimal | None, places: int = 0) -> str:
        """With separators, rounded half up; a minus is a true one."""
        if value is None:
            return NOTHING
        rounded = Decimal(str(value)).quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)
        text = f"{abs(rounded):,}"
        if self.lang != "en":
            text = text.translate(str.maketrans(",.", ".,"))
        return f"−{text}" if rounded < 0 else text

    def measure(self, value: float | None) -> str:
        """A number that may be a count: without decimals where it has none, else with two."""
        return self.number(value, 0 if value is None or value == int(value) else 2)

    def percent(self, value: float | Decimal | None) -> str:
        """Of a percentage, with two decimals."""
        if value is None:
            return NOTHING
        return f"{self.number(value, 2)}{'%' if self.lang == 'en' else ' %'}"

    def share(self, value: float | None) -> str:
        """Of a share between 0 and 1."""
        return self.percent(None if value is None else Decimal(str(value)) * 100)

    def signed(self, value: float | Decimal | None, places: int = 0) -> str:
        """A change: +12, −3, 0."""
        text = self.number(value, places)
        return f"+{text}" if value is not None and value > 0 and text.strip("0.,") else text

    def day(self, value: date | None) -> str:
        """31/05/2024."""
        return NOTHING if value is None else f"{value:%d/%m/%Y}"

    def moment(self, value: datetime | None) -> str:
        """17:00 31/05/2024."""
        return NOTHING if value is None else f"{value:%H:%M} {self.day(value)}"

    def month(self, value: str | None) -> str:
        """05/2024 of 2024-05."""
        return NOTHING if value is None else "/".join(reversed(value.split("-")))

    def text(self, value: Any) -> str:
        """As the source wrote it."""
        return NOTHING if value in (None, "") else str(value)
