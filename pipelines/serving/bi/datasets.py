"""A mart as a dataset: its columns with labels, the names of its codes beside them, its measures as metrics.

A metric is a sum of one measure, or a rate out of sums. What must not be mixed (two sources, two rule sets, …) is held
by the metric itself: over rows of several it is empty, never wrong.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache

from pipelines.contract import KINDS
from pipelines.serving.bi import DATABASE, Document, identifier
from pipelines.serving.catalogue import Column, Mart, Text
from pipelines.serving.measures import SAME_AGAIN, Measure, measures
from pipelines.serving.page.words import TEXTS
from pipelines.sql import literal
from warehouse.status import FIGURES

MOMENTS = ("timestamp", "date")
#: Days of a class in the order of their number: text is sorted, and a blank comes before a digit.
_DAYS = {"0": "  0", "1": "  1", "1-2": " 1–2", "2-3": " 2–3", "3-5": " 3–5", "4-7": " 4–7", "6-10": " 6–10"}
_DAYS |= {"11-30": "11–30", ">30": ">30"}


@dataclass(frozen=True)
class Named:
    """What a code is called: `shown` of the row of `dim` where `key` = the code ("": the column of the same name), for
    every mart that has `code` (of `type`) and no column `name` of its own. shown: {lang} is the language; whole: SQL
    with {name}, {code} in it."""

    code: str
    name: str
    label: Text
    dim: str
    shown: str
    key: str = ""
    type: str = "varchar"
    only: str = ""
    whole: str = "{name}"
    mart: str = ""  # only this one: elsewhere the code means something else


#: Rule sets, short enough for the head of a column.
_SHORT = {
    "form_ii06": Text("biểu số II.06", "form II.06"),
    "portal_766": Text("bộ chỉ số 766", "index 766"),
    "citizen_handover": Text("đến tay công dân", "in the citizen's hand"),
    "first_appointment": Text("lần hẹn đầu", "first appointment"),
}
#: Labels of columns that stand once for every rule set.
LABELS = {
    f"on_time_rate_{code}": Text(f"Tỷ lệ đúng hạn, {short.vi}", f"On-time rate, {short.en}")
    for code, short in _SHORT.items()
}
LABELS |= {f"{code}_verdict": Text(f"Kết luận, {short.vi}", f"Verdict, {short.en}") for code, short in _SHORT.items()}
LABELS |= {f"{code}_reason": Text(f"Lý do, {short.vi}", f"Reason, {short.en}") for code, short in _SHORT.items()}
_VERDICTS = ("verdict", *(f"{code}_verdict" for code in _SHORT))
#: Agencies of one name differ in their code, so both are shown.
_WITH_CODE = "case when {name} is null or {name} = {code} then {code} else {name} || ' (' || {code} || ')' end"
NAMES = (
    Named("agency_code", "agency", Text("Cơ quan", "Agency"), "dim_agency", "name", only="is_latest", whole=_WITH_CODE),
    Named("field_code", "field_name", Text("Lĩnh vực", "Field"), "dim_field", "field_name"),
    Named("channel", "channel_name", Text("Kênh thực hiện", "Channel"), "dim_channel", "name_{lang}"),
    Named("state", "state_name", Text("Tình trạng", "State"), "dim_state", "name_{lang}"),
    Named(
        "status",
        "status_name",
        Text("Trạng thái trên Cổng", "Status of the portal"),
        "dim_status",
        "name_{lang}",
        type="integer",
    ),
    Named("rule_set", "rule_set_name", Text("Bộ quy tắc", "Rule set"), "dim_rule_set", "name_{lang}"),
    Named("indicator", "indicator_name", Text("Chỉ số 766", "Index of 766"), "dim_indicator_766", "name_{lang}"),
    Named("distortion", "distortion_name", Text("Sai lệch", "Distortion"), "dim_distortion", "title_{lang}"),
    Named("rule_id", "rule_name", Text("Quy tắc kiểm tra", "Rule"), "dim_rule", "message_{lang}"),
    Named(
        "reason",
        "reason_name",
        Text("Lý do", "Reason"),
        "dim_rule",
        "message_{lang}",
        "rule_id",
        mart="mart_load_ledger",
    ),
    *(
        Named(
            code, f"{code}_name", LABELS.get(code, Text("Kết luận", "Verdict")), "dim_verdict", "name_{lang}", "verdict"
        )
        for code in _VERDICTS
    ),
)


@dataclass(frozen=True)
class Worded:
    """A code that no dimension names: its words are those of the page, or days."""

    code: str
    name: str
    label: Text
    words: dict[str, Text]
    mart: str = ""


def _page(prefix: str, *codes: str) -> dict[str, Text]:
    return {code: Text(*TEXTS[f"{prefix}.{code}"]) for code in codes}


def _days(*codes: str) -> dict[str, Text]:
    return {code: Text(f"{_DAYS[code]} ngày", f"{_DAYS[code]} days") for code in codes}


WORDED = (
    Worded("source", "source_name", Text("Nguồn số liệu", "Source"), _page("source", "dvcqg", "motcua")),
    Worded(
        *("overdue_bucket", "overdue_days", Text("Số ngày làm việc quá hạn", "Working days overdue")),
        _days("0", "1-2", "3-5", "6-10", "11-30", ">30"),
    ),
    Worded("due_bucket", "days_left", Text("Còn lại", "Left"), _days("0", "1", "2-3", "4-7")),
    Worded("unit", "unit_of_count", Text("Đơn vị đếm", "Unit"), _page("unit", "row", "dossier", "file")),
    Worded(
        *("status", "status_said", Text("Kết quả nạp", "Outcome")),
        {
            "loaded": Text("đã nạp", "loaded"),
            "duplicate": Text("trùng tệp đã nạp", "loaded before"),
            "rejected": Text("bị từ chối", "refused"),
        },
        mart="mart_load_ledger",
    ),
    Worded(
        *("kind", "kind_said", Text("Loại dữ liệu", "Kind of data")),
        {name: Text(*kind.meaning) for name, kind in KINDS.items()},
    ),
    Worded("figure", "figure_name", Text("Chỉ tiêu", "Figure"), _page("figure", *FIGURES)),
)


def dataset(mart: Mart, lang: str) -> Document:
    """The dataset of a mart, in Superset's import format."""
    labels = _labels(mart, lang)
    named = [known for known in NAMES if _has(mart, known)]
    worded = [
        *(known for known in WORDED if known.code in mart.columns and known.mart in ("", mart.name)),
        *_said(mart),
    ]
    return {
        "table_name": mart.name,
        "main_dttm_col": next((name for name in ("day", "received_at") if name in mart.columns), None),
        "description": f"{mart.title(lang)}. {mart.grain(lang)}",
        "schema": "marts",
        "catalog": None,
        "sql": _select(mart, named, worded, lang) if named or worded else None,
        "filter_select_enabled": True,
        "normalize_columns": False,
        "columns": [
            *(_column(name, labels[name], column.meaning(lang), column) for name, column in mart.columns.items()),
            *(_column(known.name, known.label(lang), known.label(lang)) for known in named),
            *(_column(known.name, known.label(lang), known.label(lang)) for known in worded),
        ],
        "metrics": list(_metrics(mart, labels, lang)),
        "uuid": identifier("dataset", mart.name),
        "version": "1.0.0",
        "database_uuid": DATABASE,
    }


def _labels(mart: Mart, lang: str) -> dict[str, str]:
    """Column → what it is called: short, and longer where two would be called the same, which Superset refuses."""
    short = {name: LABELS.get(name, column.meaning.short)(lang) for name, column in mart.columns.items()}
    return {
        name: label
        if list(short.values()).count(label) == 1
        else mart.columns[name].meaning(lang).split(";")[0].strip()
        for name, label in short.items()
    }


def _said(mart: Mart) -> Iterator[Worded]:
    """Yes and no, in words."""
    for column in mart.columns.values():
        if column.type == "boolean":
            label = column.meaning.short
            yield Worded(
                column.name, f"{column.name}_said", label, {"true": Text("có", "yes"), "false": Text("không", "no")}
            )


def _has(mart: Mart, known: Named) -> bool:
    column = mart.columns.get(known.code)
    meant = known.mart in ("", mart.name) and mart.name != known.dim
    return bool(meant and column and column.type == known.type and known.name not in mart.columns)


def _column(name: str, label: str, meaning: str, column: Column | None = None) -> Document:
    type_ = column.type if column else "varchar"
    return {
        "column_name": name,
        "verbose_name": label,
        "is_dttm": type_ in MOMENTS,
        "is_active": True,
        "type": type_.upper(),
        "groupby": not type_.endswith("[]"),
        "filterable": not type_.endswith("[]"),
        "description": meaning,
    }


# SQL: composed of names and quoted words only; the same text for DuckDB and PostgreSQL -------------------------------


def _select(mart: Mart, named: Iterable[Named], worded: Iterable[Worded], lang: str) -> str:
    """The mart, and what its codes are called. Every join is to one row, so that no figure changes."""
    columns, joins = ["mart.*"], []
    for known in named:
        dim, code = f"of_{known.code}", f"mart.{known.code}"
        shown = known.whole.format(name=f"{dim}.{known.shown.format(lang=lang)}", code=code)
        columns.append(f"{shown} as {known.name}")
        only = f" and {dim}.{known.only}" if known.only else ""
        joins.append(f"left join marts.{known.dim} as {dim} on {dim}.{known.key or known.code} = {code}{only}")
    columns += [f"{_case(known, lang)} as {known.name}" for known in worded]
    return "\n".join(["select " + ",\n    ".join(columns), f"from marts.{mart.name} as mart", *joins])


def _case(known: Worded, lang: str) -> str:
    whens = " ".join(f"when {literal(code)} then {literal(text(lang))}" for code, text in known.words.items())
    return f"case cast(mart.{known.code} as varchar) {whens} else cast(mart.{known.code} as varchar) end"


# Metrics --------------------------------------------------------------------------------------------------------------


@cache
def measures_of(mart: str) -> tuple[Measure, ...]:
    """The measures of a mart."""
    return tuple(found for found in measures() if found.mart.name == mart)


def metric_of(measure: Measure) -> str | None:
    """Name of the metric of a measure; None when there is none: neither a sum nor a rate whose parts are here."""
    if measure.additive:
        return f"sum__{measure.name}"
    return f"rate__{measure.name}" if measure.parts else None


def _metrics(mart: Mart, labels: dict[str, str], lang: str) -> Iterator[Document]:
    yield _count(mart, lang)
    for measure in measures_of(mart.name):
        if name := metric_of(measure):
            meaning = measure.column.meaning(lang)
            yield _metric(name, labels[measure.name], meaning, _expression(measure), _format(measure))


def _count(mart: Mart, lang: str) -> Document:
    """How many rows there are: dossiers, where a row is one."""
    fixed = [part for part in mart.key if part in SAME_AGAIN]
    a_dossier = set(mart.key) - set(fixed) == {"dossier_code"}
    label = Text("Số hồ sơ", "Dossiers") if a_dossier else Text("Số dòng", "Rows")
    return _metric("count__rows", label(lang), mart.grain(lang), _guarded("count(*)", fixed if a_dossier else ()), ",d")


def _metric(name: str, label: str, meaning: str, expression: str, d3format: str) -> Document:
    return {
        "metric_name": name,
        "verbose_name": label,
        "metric_type": None,
        "expression": expression,
        "description": meaning,
        "d3format": d3format,
    }


def _expression(measure: Measure) -> str:
    if not measure.parts:
        return _guarded(f"sum({measure.name})", _within(measure))
    above, below = (" + ".join(f"sum({name})" for name in names) for names in measure.parts)
    times = "100.0" if measure.unit.vi.startswith("phần trăm") else "1.0"
    count = next(found for found in measures_of(measure.mart.name) if found.name == measure.parts[1][-1])
    return _guarded(f"{times} * ({above}) / nullif({below}, 0)", _within(count))


def _within(measure: Measure) -> list[str]:
    """What the rows must have one value of. Periods overlap (a month, its quarter), so a sum is of one."""
    return [*measure.within, *({"period"} & set(measure.over))]


def _guarded(expression: str, within: Iterable[str]) -> str:
    """The expression where the rows are of one value of each of `within`, else null."""
    same = " and ".join(f"min({column}) = max({column})" for column in within)
    return f"case when {same} then {expression} end" if same else expression


def _format(measure: Measure) -> str:
    if measure.unit.vi.startswith("tỷ lệ"):
        return ".1%"
    return ",d" if measure.column.type in ("bigint", "integer") else ",.1f"
