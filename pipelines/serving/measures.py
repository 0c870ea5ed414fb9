"""The measures of the marts: which columns are numbers to count with, in which unit, and over what they add up.

Everything follows from the catalogue by the rules of this module: the type and the name of a column, and the key of its
mart. `make docs` writes docs/measures.md from it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from pipelines.serving.catalogue import Column, Mart, Text, marts

Parts = tuple[tuple[str, ...], tuple[str, ...]]

#: Types of numbers; a column of another type is no measure.
NUMBERS = ("bigint", "integer", "double")
#: Numbers that name something.
CODES = re.compile(r"(status|_status|level|rank_in_level|step_no)$")
#: What adds up over nothing: rates, averages and other statistics, points, days left, parts of a difference, counts of
#: dossiers that a row is compared with.
NEVER = re.compile(
    r"(^|_)(rate|share|ratio|coverage|score|avg|median|p90|max|longest|left|late_share|numerator|denominator)(_|$)"
    r"|^statutory_amount$|^delay_|^(comparable|late)_dossiers$"
)
#: How many there are at a moment, or were carried into a period: the same dossiers again in the next one.
STOCK = re.compile(r"^(pending_|carried_over$|received_total$)")

#: Columns of a key in which the same dossiers are counted again, so that nothing adds up over them.
SAME_AGAIN = {"source", "scheme", "rule_set", "indicator", "distortion", "rule_id", "unit", "outcome"}
TIME = {"month", "period", "day"}
#: Marts whose agencies include those below them.
WITH_HIGHER_LEVELS = ("rpt_form_ii06_levels", "mart_progress_766")
#: Marts that lay figures of several kinds in one column.
MIXED = ("mart_portal_reconciliation", "mart_progress_766_groups")

_RESOLVED = ("resolved_early", "resolved_on_time", "resolved_late")
_RESOLVED_VERDICTS = ("early", "on_time", "late")
#: Mart → its rate → the counts that it is made of, above and below the line. All other rates come without their parts.
PARTS: dict[str, dict[str, Parts]] = {
    "mart_progress_766": {"ratio": (("total_on_time",), ("total_received",))},
    "mart_progress_766_reporting": {"ratio": (("total_on_time",), ("total_received",))},
    "mart_timeliness_monthly": {"on_time_rate": (_RESOLVED[:2], _RESOLVED)},
    "mart_timeliness_monthly_current": {"on_time_rate": (_RESOLVED[:2], _RESOLVED)},
    "mart_timeliness_rule_sets": {"on_time_rate": (_RESOLVED_VERDICTS[:2], _RESOLVED_VERDICTS)},
}

#: Pattern of a name → unit; the first that fits.
UNITS = (
    (r"_seconds$", Text("giây", "seconds")),
    (r"working_hours", Text("giờ làm việc", "working hours")),
    (r"working_days", Text("ngày làm việc", "working days")),
    (r"_days(_|$)", Text("ngày", "days")),
    (r"(^|_)ratio$", Text("phần trăm (0–100)", "per cent (0–100)")),
    (r"(^|_)(rate|share|coverage)(_|$)", Text("tỷ lệ (0–1)", "share (0–1)")),
    (r"score$", Text("điểm", "points")),
    (r"^rows_", Text("dòng", "rows")),
    (r"^(steps|open_now|events)$", Text("bước", "steps")),
    (r"^(requests|reappointments|returns)$", Text("lần", "times")),
    (r"(_files|_documents|electronic_results)$", Text("tài liệu", "documents")),
    (r"^versions$", Text("phiên bản", "versions")),
    (r"^statutory_amount$", Text("ngày hoặc giờ, theo thủ tục", "days or hours, as the procedure says")),
    (r"^count$", Text("theo cột unit", "as column unit says")),
)
DOSSIERS = Text("hồ sơ", "dossiers")
AS_THE_ROW_SAYS = Text("theo chỉ tiêu của dòng", "as the figure of the row")


@dataclass(frozen=True)
class Measure:
    """A number of a mart. over: columns of the key that it may be summed over, `within`: those that must be fixed.

    Summed over nothing (`over` empty): a rate is computed anew from its parts, an average is not to be had.
    """

    mart: Mart
    column: Column
    unit: Text
    over: tuple[str, ...]
    within: tuple[str, ...]

    @property
    def name(self) -> str:
        return self.column.name

    @property
    def label(self) -> Text:
        return self.column.meaning.short

    @property
    def additive(self) -> bool:
        return bool(self.over)

    @property
    def parts(self) -> Parts | None:
        """Of a rate: the counts of its mart above and below the line, to add up and divide anew; None without."""
        return PARTS.get(self.mart.name, {}).get(self.name)


def measures() -> list[Measure]:
    """Every measure, by mart and in the order of its columns; catalogues (dim_…) have none."""
    return [
        _measure(mart, column)
        for name, mart in sorted(marts().items())
        if not name.startswith("dim_")
        for column in mart.columns.values()
        if column.type in NUMBERS and column.name not in mart.key and not CODES.search(column.name)
    ]


def _measure(mart: Mart, column: Column) -> Measure:
    unit = AS_THE_ROW_SAYS if mart.name in MIXED and not column.name.endswith("score") else _unit(column.name)
    if NEVER.search(column.name) or mart.name in MIXED:
        return Measure(mart, column, unit, (), mart.key)
    fixed = {part for part in mart.key if part in SAME_AGAIN}
    if unit.vi == "dòng":
        fixed -= {"source"}  # files are of one source, dossiers of several
    if STOCK.match(column.name):
        fixed |= TIME & set(mart.key)
    within = [part for part in mart.key if part in fixed]
    if mart.name.startswith(WITH_HIGHER_LEVELS):
        within.append("level")
    return Measure(mart, column, unit, tuple(part for part in mart.key if part not in fixed), tuple(within))


def _unit(name: str) -> Text:
    return next((unit for pattern, unit in UNITS if re.search(pattern, name)), DOSSIERS)
