"""The sections of the page: what is counted, of what, with its chart, its table and its list. One function each."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any

from pipelines.bilingual import one_language
from pipelines.formats import NOTHING, Formats
from pipelines.serving.page import charts
from pipelines.serving.page.answers import MEASURES, Answers, total
from pipelines.serving.page.model import Chart, Column, Row, Section, Table
from pipelines.serving.page.words import Words
from warehouse.status import FIGURES, percent

RULE_SETS = ("form_ii06", "portal_766", "citizen_handover", "first_appointment")
AGES = ("0", "1-2", "3-5", "6-10", "11-30", ">30")
LEFT = ("0", "1", "2-3", "4-7")
#: Agencies of a chart; the table has all of them.
MOST_AGENCIES = 15


@dataclass(frozen=True)
class Making:
    """What every section is made from: the answers of one source, in one language."""

    answers: Answers
    source: str
    words: Words
    formats: Formats

    def rows(self, query: str) -> list[Row]:
        return self.answers.rows(query, self.source)

    def id(self, name: str) -> str:
        return f"{name}-{self.source}"

    def column(self, key: str, heading: str, kind: str = "text", link: str | None = None) -> Column:
        return Column(key, self.words(f"h.{heading}"), kind, link and self.id(link))

    def dossier(self) -> list[Column]:
        """Columns that lists of dossiers begin with."""
        code, agency = self.column("dossier_code", "dossier", "code"), self.column("agency_code", "agency", "agency")
        return [code, agency, self.column("procedure_name", "procedure")]

    def agency(self, code: str | None) -> str:
        return self.answers.names.get(code or "", code or NOTHING)

    def named(self, what: str, code: str | None) -> str:
        """The word of a dimension for a code."""
        return self.words.pick(self.answers.words.get((what, code or ""), {}), "name") or code or NOTHING

    def images(self, of: Sequence[object], chart: Callable[[], object], title: str) -> list[Chart]:
        """The chart as an image; none where there is nothing to show."""
        return [Chart(charts.image(chart(), self.words.lang), self.words(title))] if of else []  # type: ignore[arg-type]

    def section(self, name: str, *tables: Table, words: dict[str, Any] | None = None, **more: Any) -> Section:
        """The section of that name. words: what its lead is filled with. more: charts, half."""
        lead = self.words(f"{name}.lead", **(words or {}))
        return Section(self.id(name), self.words(name), lead, tables=tables, **more)

    def table(self, name: str, caption: str, columns: Sequence[Column], rows: Sequence[Row], **more: Any) -> Table:
        return Table(self.id(name), self.words(caption), columns, rows, **more)

    def listed(self, name: str, columns: Sequence[Column], rows: Sequence[Row], total: int, command: str) -> Table:
        """Some of `total` rows; command: what gives all of them."""
        of_agency = f" --agency {self.answers.agency}" if self.answers.agency else ""
        whole = f"dunghan {command}{of_agency} -o {command.rsplit(maxsplit=1)[-1].replace('mart_', '')}.xlsx"
        return self.table(f"{name}-list", f"{name}.list", columns, rows, total=total, whole=whole, is_list=True)


def of_source(making: Making) -> list[Section]:
    """Every section of one source, in the order of the page."""
    return [
        on_time(making),
        backlog(making),
        agencies(making),
        overdue(making),
        due(making),
        waiting(making),
        reappointed(making),
        units(making),
        index(making),
        differences(making),
        quality(making),
    ]


def shared(making: Making) -> list[Section]:
    """What is of no one source."""
    return [reconciliation(making), freshness(making)]


def agencies(making: Making) -> Section:
    """Results of each agency and each field."""
    rates = [
        Column(f"on_time_rate_{name}", making.words("h.rate_by", rules=making.words(f"short.{name}")), "share")
        for name in RULE_SETS
    ]
    card = making.table(
        "agencies",
        "agencies.table",
        [
            making.column("agency_code", "agency", "agency"),
            making.column("received", "received", "number"),
            making.column("resolved", "resolved", "number"),
            *rates,
            making.column("overdue", "overdue", "number", "overdue-list"),
            making.column("avg_working_days_taken", "average", "hours"),
            making.column("rank_in_level", "rank", "number"),
        ],
        making.rows("scorecard"),
    )
    return replace(making.section("agencies", card, _fields(making)), id=making.id("agencies-section"))


def _fields(making: Making) -> Table:
    by_field = sorted(making.rows("measures"), key=lambda row: row["field_code"])
    rows = []
    for code, of_field in groupby(by_field, key=lambda row: row["field_code"]):
        sums = total(of_field, MEASURES)
        resolved = sums["early"] + sums["on_time"] + sums["late"]
        good = percent(sums["early"] + sums["on_time"], resolved)
        rows.append(sums | {"field_code": code, "field": code, "resolved": resolved, "rate": good})
    rows.sort(key=lambda row: (-row["received"], row["field_code"]))
    sums = total(rows, (*MEASURES, "resolved"))
    sums["rate"] = percent(sums["early"] + sums["on_time"], sums["resolved"])
    column = making.column
    return making.table(
        "fields",
        "fields.table",
        [
            column("field", "field", "field"),
            column("received", "received_total", "number"),
            column("resolved", "resolved", "number"),
            column("early", "early", "number"),
            column("on_time", "on_time", "number"),
            column("late", "late", "number"),
            column("rate", "rate", "percent"),
            column("in_time", "in_time", "number"),
            column("overdue", "overdue", "number", "overdue-list"),
        ],
        rows,
        foot=sums,
    )


def overdue(making: Making) -> Section:
    """Overdue by agency and age, by rule set, and the dossiers."""
    column = making.column
    aging = making.rows("aging")
    form = [row for row in aging if row["rule_set"] == RULE_SETS[0]]
    by_agency = sorted(
        _spread(form, "agency_code", "overdue_bucket", AGES), key=lambda row: (-row["total"], row["agency_code"])
    )
    foot = total(by_agency, (*AGES, "total"))
    ages = [Column(age, _bucket(making, age), "number", making.id("overdue-list")) for age in AGES]
    by_rules = sorted(
        _spread(aging, "rule_set", "overdue_bucket", AGES), key=lambda row: RULE_SETS.index(row["rule_set"])
    )
    for row in by_rules:
        row["name"] = making.named("rule_set", row["rule_set"])
    shown = [_with_words(making, row) for row in making.rows("overdue")]
    return making.section(
        "overdue",
        making.table(
            "overdue-agencies",
            "overdue.by_agency",
            [
                column("agency_code", "agency", "agency"),
                *ages,
                column("total", "total", "number", "overdue-list"),
                column("oldest_due_at", "oldest_due", "day"),
            ],
            by_agency,
            foot=foot,
        ),
        making.listed(
            "overdue",
            [
                *making.dossier(),
                column("received_at", "received_at", "day"),
                column("due_at", "due_at", "day"),
                column("working_days_overdue", "days_overdue", "number"),
                column("state_name", "state", "short"),
                column("reappointments", "reappointments", "number"),
            ],
            shown,
            foot["total"],
            "list overdue",
        ),
        making.table(
            "overdue-rules",
            "overdue.by_rules",
            [
                Column("name", making.words("h.rule_set")),
                *(Column(age, _bucket(making, age), "number") for age in AGES),
                column("total", "total", "number"),
            ],
            by_rules,
        ),
        charts=_aging_chart(making, form, by_agency),
    )


def _aging_chart(making: Making, rows: Sequence[Row], by_agency: Sequence[Row]) -> list[Chart]:
    most = [row["agency_code"] for row in by_agency[:MOST_AGENCIES]]
    plain = [making.agency(code) for code in most]
    # Communes of two districts may have one name.
    names = {
        code: name if plain.count(name) == 1 else f"{name} ({code})" for code, name in zip(most, plain, strict=True)
    }
    values = [
        {
            "agency": names[row["agency_code"]],
            "bucket": _bucket(making, row["overdue_bucket"]),
            "position": AGES.index(row["overdue_bucket"]),
            "dossiers": row["dossiers"],
        }
        for row in rows
        if row["agency_code"] in names
    ]
    axis, legend = making.words("overdue.axis"), making.words("overdue.legend")
    buckets = [_bucket(making, age) for age in AGES]
    return making.images(
        most,
        lambda: charts.aging(values, [names[code] for code in most], buckets, axis, legend),
        "overdue.by_agency",
    )


def due(making: Making) -> Section:
    """What falls due by agency and working days left, with the apologies, and the dossiers."""
    column = making.column
    rows = making.rows("due_buckets")
    by_agency = sorted(
        _spread(rows, "agency_code", "due_bucket", LEFT), key=lambda row: (-row["total"], row["agency_code"])
    )
    for row in by_agency:
        row["apologies"] = sum(one["apologies"] for one in rows if one["agency_code"] == row["agency_code"])
    foot = total(by_agency, (*LEFT, "total", "apologies"))
    to_list = making.id("due-list")
    return making.section(
        "due",
        making.table(
            "due-agencies",
            "due.by_agency",
            [
                column("agency_code", "agency", "agency"),
                *(Column(left, making.words(f"bucket.left.{left}"), "number", to_list) for left in LEFT),
                column("total", "total", "number", "due-list"),
                column("apologies", "apologies", "number", "due-list"),
            ],
            by_agency,
            foot=foot,
        ),
        making.listed(
            "due",
            [
                *making.dossier(),
                column("received_at", "received_at", "day"),
                column("due_at", "due_at", "moment"),
                column("working_days_left", "days_left", "number"),
                column("apology_by", "apology_by", "day"),
                column("apology_due", "apology_due", "yes"),
            ],
            making.rows("due_soon"),
            foot["total"],
            "list due-soon",
        ),
    )


def waiting(making: Making) -> Section:
    """What nobody has accepted yet."""
    column, rows = making.column, making.rows("waiting")
    columns = [
        *making.dossier(),
        column("submitted_at", "submitted_at", "moment"),
        column("working_hours_waited", "hours_waited", "hours"),
        column("over_8_hours", "over_8", "yes"),
    ]
    return making.section("waiting", making.listed("waiting", columns, rows, _all(rows), "list waiting"))


def reappointed(making: Making) -> Section:
    """Whose due day was moved without need."""
    column = making.column
    rows = [_with_words(making, row) for row in making.rows("reappointed")]
    columns = [
        *making.dossier(),
        column("received_at", "received_at", "day"),
        column("due_at", "due_at", "day"),
        column("twice", "twice", "yes"),
        column("state_name", "state", "short"),
        column("ended_at", "ended_at", "day"),
    ]
    return making.section("reappointed", making.listed("reappointed", columns, rows, _all(rows), "list reappointed"))


def on_time(making: Making) -> Section:
    """On-time rates by month, rule sets side by side."""
    names = {name: making.named("rule_set", name) for name in RULE_SETS}
    points, by_month = [], []
    for month, rows in groupby(making.rows("on_time"), key=lambda row: row["month"]):
        line: Row = {"month": month}
        for row in rows:
            resolved = row["good"] + row["late"]
            rate = percent(row["good"], resolved)
            line[row["rule_set"]], line[f"{row['rule_set']}_of"] = rate, resolved
            if rate is not None:
                shown = {"month": making.formats.month(month), "percent": float(rate)}
                points.append({**shown, "rule_set": names[row["rule_set"]]})
        by_month.append(line)
    columns = [making.column("month", "month", "month")]
    for name in RULE_SETS:
        short = making.words(f"short.{name}")
        columns += [
            Column(name, f"{short} (%)", "percent"),
            Column(f"{name}_of", f"{short}: {making.words('h.denominator').lower()}", "number"),
        ]
    return making.section(
        "on_time",
        making.table("on_time-table", "on_time", columns, by_month, brief=True),
        charts=making.images(
            points, lambda: charts.on_time(points, list(names.values()), making.words("on_time.axis")), "on_time"
        ),
        half=True,
    )


def backlog(making: Making) -> Section:
    """Pending at the end of each day."""
    column, rows = making.column, making.rows("backlog")
    in_time, overdue = making.words("pending.in_time"), making.words("pending.overdue")
    columns = [
        column("day", "day", "day"),
        column("received", "received", "number"),
        column("resolved", "resolved", "number"),
        column("in_time", "in_time", "number"),
        column("overdue", "overdue", "number"),
    ]
    return making.section(
        "backlog",
        making.table("backlog-table", "backlog", columns, list(reversed(rows)), brief=True),
        charts=making.images(rows, lambda: charts.backlog(rows, in_time, overdue), "backlog"),
        half=True,
    )


def units(making: Making) -> Section:
    """Where work lies."""
    column, rows = making.column, making.rows("units")
    columns = [
        column("unit_name", "unit"),
        column("agency_code", "agency", "agency"),
        column("procedure_name", "procedure"),
        column("open_now", "open", "number"),
        column("oldest_open_at", "oldest_open", "day"),
        column("steps", "steps", "number"),
        column("median_working_hours", "median", "hours"),
        column("p90_working_hours", "p90", "hours"),
        column("share_of_late_waiting", "share_late", "share"),
        column("returns", "returns", "number"),
    ]
    listed = making.listed("units", columns, rows, _all(rows), "export mart_unit_bottlenecks")
    return making.section("units", listed, words={"month": f"{making.answers.published.as_of:%m/%Y}"})


def index(making: Making) -> Section:
    """Points of index 766 and where they were lost."""
    column, words = making.column, making.words
    rows = [_indicator(making, row) for row in making.rows("index")]
    told = [row for row in rows if row["lost"] is not None]
    bars = [
        {"indicator": row["name"], "kind": words(f"index.{kind}"), "position": position, "points": row[key]}
        for row in told
        for position, (kind, key) in enumerate((("got", "score"), ("lost", "lost")))
    ]
    head = rows[0]["agency_code"] if rows else None
    why = [row | {"sentence": words.pick(row, "sentence")} for row in making.rows("lost")]
    names = [row["name"] for row in told]
    return making.section(
        "index",
        making.table(
            "index-table",
            "index.table",
            [
                Column("name", words("h.indicator")),
                column("numerator", "numerator", "number"),
                column("denominator", "denominator", "number"),
                column("ratio", "ratio", "percent"),
                column("score", "score", "points"),
                column("max_score", "max", "points"),
                column("lost", "lost", "points", "index-why"),
                column("is_upper_bound", "upper", "yes"),
            ],
            rows,
        ),
        making.table(
            "index-why",
            "index.why",
            [
                column("indicator", "indicator", "code"),
                column("sentence", "reason"),
                column("dossiers", "dossiers", "number"),
                column("agencies", "agencies", "number"),
            ],
            why,
            total=len(why),
        ),
        words={"year": making.answers.published.as_of.year, "agency": making.agency(head)},
        charts=making.images(
            told,
            lambda: charts.points(bars, names, words("index.got"), words("index.lost"), words("index.axis")),
            "index.table",
        ),
    )


def _indicator(making: Making, row: Row) -> Row:
    name = making.words("index.timeliness") if row["indicator"] == "timeliness" else making.words.pick(row, "name")
    numbered = name if not name or row["indicator"] in ("timeliness", None) else f"{row['indicator']} {name}"
    if row["indicator"] in (name or ""):
        numbered = name
    score, most = row["score"], row["max_score"]
    lost = None if score is None or most is None else round(most - score, 2)
    return row | {"name": numbered or row["indicator"], "lost": lost, "agency_code": row["agency_code"]}


def differences(making: Making) -> Section:
    """Dossiers that are well by one rule set and late by another."""
    verdicts = [Column(f"{name}_verdict", making.words(f"short.{name}")) for name in RULE_SETS]
    kinds = [_verdicts(making, row) for row in making.rows("differences")]
    rows = [_verdicts(making, row) for row in making.rows("difference_list")]
    columns = [
        making.column("dossier_code", "dossier", "code"),
        making.column("agency_code", "agency", "agency"),
        making.column("received_at", "received_at", "day"),
        making.column("due_at", "due_at", "day"),
        *verdicts,
    ]
    return making.section(
        "differences",
        making.table(
            "differences-table",
            "differences.table",
            [*verdicts, making.column("dossiers", "dossiers", "number", "differences-list")],
            kinds,
            foot=total(kinds, ("dossiers",)),
        ),
        making.listed(
            "differences", columns, rows, sum(row["dossiers"] for row in kinds), "export mart_rule_differences"
        ),
    )


def quality(making: Making) -> Section:
    """Rules that rows and dossiers hit."""
    words = making.words
    rows = [
        row
        | {
            "unit_name": words.known(f"unit.{row['unit']}", row["unit"]),
            "message": words.pick(row, "message"),
            "advice": words.pick(row, "advice"),
        }
        for row in making.rows("quality")
    ]
    column = making.column
    columns = [
        column("message", "meaning"),
        column("hits", "hits", "number"),
        column("unit_name", "unit_of"),
        column("advice", "advice"),
        column("rule_id", "rule", "code"),
    ]
    return making.section("quality", making.table("quality-table", "quality.table", columns, rows))


def reconciliation(making: Making) -> Section:
    """The portal's reports beside our figures, then both systems beside each other."""
    column, words, formats = making.column, making.words, making.formats
    tables: list[Table] = []
    reports = making.answers.all_["page_reports"]
    for code, of_department in groupby(reports, key=lambda row: row["department_code"]):
        rows = sorted(of_department, key=lambda row: FIGURES.index(row["figure"]))
        first = rows[0]
        caption = words(
            "reconciliation.report",
            name=first["department_name"] or making.agency(code),
            first=formats.day(first["period_from"]),
            last=formats.day(first["period_to"]),
            taken=formats.moment(first["exported_at"]),
        )
        columns = [
            column("name", "figure"),
            column("portal", "portal", "measure"),
            column("dvcqg", "of_portal", "measure"),
            column("motcua", "of_local", "measure"),
            column("difference", "difference", "measure"),
            column("unexplained", "unexplained", "measure"),
        ]
        named = [row | {"name": words(f"figure.{row['figure']}")} for row in rows]
        tables.append(Table(f"report-{len(tables)}", caption, columns, named))
    counted = ("dossiers", "in_both", "identical", "only_local", "only_portal")
    differing = ("status_differs", "due_differs", "end_differs", "delayed")
    systems = making.answers.all_["page_systems"]
    if systems:
        headings = {"in_both": "both"}
        columns = [column("month", "month", "month")]
        columns += [column(name, headings.get(name, name), "number") for name in (*counted, *differing)]
        foot = total(systems, (*counted, *differing))
        tables.append(Table("systems", words("reconciliation.systems"), columns, systems, foot=foot))
    remarks = [] if reports else [words("reconciliation.no_reports")]
    lead = words("reconciliation.lead")
    return Section("reconciliation", words("reconciliation"), lead, tables=tables, remarks=remarks)


def freshness(making: Making) -> Section:
    """How new what was sent is, and the files that somebody must look at."""
    column, words = making.column, making.words
    rows = [
        row | {"kind_name": words.known(f"kind.{row['kind']}", row["kind"])}
        for row in making.answers.all_["page_freshness"]
    ]
    looks = [
        {"file": path, "what": one_language(one["detail"], words.lang), "rule": one["rule_id"]}
        for path, several in making.answers.attention.items()
        for one in several
    ]
    tables = [
        Table(
            "freshness-table",
            words("freshness.table"),
            [
                column("source", "source", "code"),
                column("kind_name", "kind"),
                column("newest", "newest", "moment"),
                column("files", "files", "number"),
                column("rejected", "rejected", "number"),
                column("rows_read", "rows", "number"),
                column("rows_accepted", "accepted", "number"),
                column("rows_quarantined", "quarantined", "number"),
            ],
            rows,
        )
    ]
    if looks:
        columns = [column("file", "file", "path"), column("what", "what"), column("rule", "rule", "code")]
        tables.append(Table("attention-table", words("attention.table"), columns, looks))
    remarks = [] if looks else [words("attention.none")]
    return Section("freshness", words("freshness"), words("freshness.lead"), tables=tables, remarks=remarks)


def _spread(rows: Iterable[Row], key: str, bucket: str, buckets: Sequence[str]) -> list[Row]:
    """A row per `key` with the dossiers of each bucket and their total, and the oldest due day."""
    found: dict[str, Row] = {}
    for row in rows:
        line = found.setdefault(row[key], {key: row[key]} | dict.fromkeys((*buckets, "total"), 0))
        line[row[bucket]] += row["dossiers"]
        line["total"] += row["dossiers"]
        days = [day for day in (line.get("oldest_due_at"), row.get("oldest_due_at")) if day is not None]
        line["oldest_due_at"] = min(days, default=None)
    return list(found.values())


def _bucket(making: Making, bucket: str) -> str:
    return making.words("bucket.0") if bucket == "0" else bucket.replace("-", "–").replace(">", "> ")


def _all(rows: Sequence[Row]) -> int:
    """How many there are, of rows that say so."""
    return rows[0]["total"] if rows else 0


def _with_words(making: Making, row: Row) -> Row:
    return row | {"state_name": making.named("state", row["state"])}


def _verdicts(making: Making, row: Row) -> Row:
    return row | {f"{name}_verdict": making.named("verdict", row[f"{name}_verdict"]) for name in RULE_SETS}
