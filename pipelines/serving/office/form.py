"""Form II.06 (timeliness §7) of a published version: the figures of rpt_form_ii06_levels, the texts of headings.py.

An official paper, so always in Vietnamese. form_sheet.py and form.typ lay it out.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date, datetime, time
from typing import Any

from pipelines.config import Settings
from pipelines.explain.words import day
from pipelines.offers import offered
from pipelines.serving.asking import AskedWronglyError, chosen_source, known
from pipelines.serving.office.headings import headings
from pipelines.serving.office.words import said
from pipelines.serving.published import Published, Row

SCHEMES = ("reporting", "calendar")
#: Columns 3 to 13, in the order of the form.
COLUMNS = (
    "received_total", "received_online", "received_direct", "carried_over",
    "resolved_total", "resolved_early", "resolved_on_time", "resolved_late",
    "pending_total", "pending_in_time", "pending_overdue",
)  # fmt: skip
#: Numbers below the heads; totals say what they are the sum of.
NUMBERS = (
    "(1)", "(2)", "(3)=(4)+(5)+(6)", "(4)", "(5)", "(6)", "(7)=(8)+(9)+(10)", "(8)", "(9)", "(10)",
    "(11)=(12)+(13)", "(12)", "(13)",
)  # fmt: skip
_BLANK = "……………………………"
_LAST_SECOND = time(23, 59, 59)


@dataclass(frozen=True)
class Line:
    """One field of administration: figures are columns 3 to 13."""

    name: str
    figures: tuple[int, ...]


@dataclass(frozen=True)
class Form:
    """The form of one reporting unit. texts: headings.py; notes: what its reader must know, below the table."""

    agency: str | None
    source: str
    unit: str
    receiver: str
    period: str
    first: date
    last: date
    texts: dict[str, str]
    lines: list[Line]
    notes: list[str]

    @property
    def total(self) -> tuple[int, ...]:
        """The row of totals."""
        return tuple(sum(line.figures[i] for line in self.lines) for i in range(len(COLUMNS)))

    @property
    def period_line(self) -> str:
        return self.texts["period"].format(period=self.period)

    @property
    def days_line(self) -> str:
        return self.texts["days"].format(first=day("vi", self.first), last=day("vi", self.last))

    def document(self) -> dict[str, Any]:
        """Everything as it is printed, for form.typ; numbers as texts."""
        return {
            "texts": self.texts | {"period": self.period_line, "days": self.days_line},
            "numbers": NUMBERS,
            "unit": self.unit,
            "receiver": self.receiver,
            "lines": [
                asdict(line) | {"figures": [said("vi", figure) for figure in line.figures]} for line in self.lines
            ],
            "total": [said("vi", figure) for figure in self.total],
            "notes": self.notes,
        }


def forms(
    published: Published,
    settings: Settings,
    period: str,
    *,
    scheme: str = "reporting",
    agency: str | None = None,
    level: int | None = None,
    source: str | None = None,
) -> list[Form]:
    """The form of a period: one of the agency with all below it, or of every agency; with a level one for each agency
    of that level.

    Raises AskedWronglyError for a scheme, period, agency, level or source that there is none of.
    """
    scheme = known("scheme", scheme, SCHEMES)
    chosen = chosen_source(published, source)
    limits = _period(published, period, scheme, chosen)
    agencies = {str(row["agency_code"]): row for row in published.rows("agencies")}
    agency = known("agency", agency, agencies) if agency else None
    asked = {"source": chosen, "scheme": scheme, "period": limits["period"]}
    reporting = published.rows("form_agencies", agency=agency, **asked)
    if level is None:
        units = [(agency, agency or reporting_unit(reporting))]
    else:
        units = [(str(row["agency_code"]), str(row["agency_code"])) for row in reporting if row["level"] == level]
        if not units:
            raise AskedWronglyError(
                "office.unknown_level",
                name=level,
                known=", ".join(str(n) for n in sorted({r["level"] for r in reporting})),
            )
    texts = headings(settings, "form_ii06", limits["period_to"])
    above = [
        _state(published, limits["period_to"]),
        _of_source(chosen, published.rows("sources", agency=None), source is not None),
    ]
    below = f"Lập bằng Đúng Hạn, bản công bố {published.version}, định nghĩa chỉ tiêu {published.definitions_version}."
    made = []
    for code, unit in units:
        rows = published.rows("form_rows", agency=code, **asked)
        made.append(
            Form(
                agency=code,
                source=chosen,
                unit=_called(agencies, unit),
                receiver=_called(agencies, agencies[unit]["parent"] if unit in agencies else None),
                period=period_name(limits["period"], scheme),
                first=limits["period_from"],
                last=limits["period_to"],
                texts=texts,
                lines=[Line(row["field_name"], tuple(row[column] for column in COLUMNS)) for row in rows],
                notes=[*above, *_unknown(code, reporting), below],
            )
        )
    return made


def _period(published: Published, period: str, scheme: str, source: str) -> Row:
    """The period's name and limits. Raises AskedWronglyError, which says when the other scheme has it."""
    there = [row for row in published.rows("form_periods") if row["source"] == source]
    found = {str(row["period"]): row for row in there if row["scheme"] == scheme}
    name = period.strip().upper()
    if name not in found:
        other = [row for row in there if row["scheme"] != scheme and row["period"] == name]
        raise AskedWronglyError(
            "office.unknown_period" if not other else "office.period_of_other_scheme",
            name=period,
            scheme=scheme,
            other=other[0]["scheme"] if other else "",
            known=offered(name, list(found)),
        )
    return found[name]


def reporting_unit(reporting: list[Row]) -> str | None:
    """The lowest agency that holds every dossier with a known agency; None when there is no such."""
    known_ones = [row for row in reporting if row["level"] > 0]
    everything = sum(row["received_total"] for row in known_ones if row["level"] == 1)
    holding = [row for row in known_ones if row["received_total"] == everything]
    levels = [row["level"] for row in holding]
    single = [row for row in holding if levels.count(row["level"]) == 1]
    return str(max(single, key=lambda row: row["level"])["agency_code"]) if single else None


def _called(agencies: dict[str, Row], code: str | None) -> str:
    """An agency by its name, with the code where the name is no more than that; a place to fill in for none."""
    return str(agencies[code]["name"]) if code in agencies else _BLANK


def period_name(period: str, scheme: str) -> str:
    """2024-Q2 → quý II năm 2024."""
    year, _, part = period.partition("-")
    if not part:
        text = f"năm {year}"
    elif part.startswith("Q"):
        text = f"quý {('I', 'II', 'III', 'IV')[int(part[1:]) - 1]} năm {year}"
    elif part.startswith("H"):
        text = f"6 tháng {('đầu', 'cuối')[int(part[1:]) - 1]} năm {year}"
    else:
        text = f"tháng {int(part)} năm {year}"
    return text if scheme == "reporting" else f"{text} (theo dương lịch)"


def _state(published: Published, last: date) -> str:
    """Is the period closed? And the moments that its figures are of."""
    as_of = published.as_of
    at = f"{as_of:%H:%M} ngày {day('vi', as_of)}"
    if as_of < datetime.combine(last, _LAST_SECOND):
        state = f"Kỳ báo cáo chưa kết thúc: số liệu tính đến {at}."
    else:
        state = f"Số liệu của trọn kỳ báo cáo, lập theo dữ liệu chốt lúc {at}."
    if published.known_at:
        state += f" Chỉ dùng tệp kết xuất đến {published.known_at:%H:%M} ngày {day('vi', published.known_at)}."
    return state


def _of_source(source: str, all_sources: list[Row], named: bool) -> str:
    """Which source the figures are of and, where nobody chose it, why this one."""
    if named or len(all_sources) < 2:
        return f"Nguồn dữ liệu: {source}."
    counted = [f"{row['source']} ({said('vi', row['dossiers'])} hồ sơ)" for row in all_sources]
    return (
        f"Nguồn dữ liệu: {counted[0]}, là nguồn có nhiều hồ sơ nhất; các nguồn gửi cùng những hồ sơ nên không cộng với"
        f" nhau. Nguồn khác: {', '.join(counted[1:])}."
    )


def _unknown(agency: str | None, reporting: list[Row]) -> list[str]:
    """Dossiers of no known agency, which only the form of all agencies counts."""
    unknown = sum(row["received_total"] for row in reporting if row["level"] == 0)
    told = agency is None and unknown
    return [f"Gồm cả {said('vi', unknown)} hồ sơ (cột 3) không rõ cơ quan giải quyết."] if told else []
