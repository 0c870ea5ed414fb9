"""What a calendar looks like, and what a change of it would do to the published figures, before it is made.

Both run the project's own SQL in memory (warehouse/compiled.py): int_calendar says what a day is, int_verdicts what
follows. The published marts are only read. The file itself is warehouse/calendar.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import duckdb

from pipelines.config import Settings
from pipelines.layout import DBT_PROJECT
from pipelines.sql import literal, rows_of
from warehouse import calendar
from warehouse.build import NOTHING
from warehouse.calendar import COUNTRY, Change, Revision
from warehouse.compiled import CompiledProject, compiled_models
from warehouse.database import connect
from warehouse.publish import current
from warehouse.reading import require_province

#: Measures of a verdict that count working days, and what follows from them.
MEASURES = (
    *("verdict", "effective_due", "working_days_taken"),
    *("working_days_overdue", "overdue_bucket", "due_bucket"),
)
AGENCIES = 10

Row = dict[str, Any]


@dataclass(frozen=True)
class Effect:
    """What a change would do, as of the published version.

    days: each day that becomes worked or free, per calendar. rule_sets: per rule set, open dossiers with another
    measure, by measure; and resolved ones whose measures would be restated. verdicts: open or resolved dossiers whose
    verdict changes, from what to what. agencies: those with most open dossiers that change. version: None when nothing
    is published, and then only `days` is known.
    """

    days: list[Row]
    rule_sets: list[Row]
    verdicts: list[Row]
    agencies: list[Row]
    version: str | None

    def as_dict(self) -> Row:
        """For JSON."""
        return {name: getattr(self, name) for name in ("version", "days", "rule_sets", "verdicts", "agencies")}


def month(settings: Settings, first: date, scope: str = COUNTRY) -> list[Row]:
    """The days of the month of `first` in the calendar of `scope`: what each is, and the row that says so.

    Columns: day, iso_weekday, is_working_day, kind, name, origin, scope, revision, place (`holidays.csv:1421`, null for
    the plain week). Raises CalendarError (the file, an unknown scope), CompileError.
    """
    if scope != COUNTRY and scope not in calendar.provinces():
        raise calendar.CalendarError(
            f"{scope}: phải là VN hoặc mã cấp 1 như H39 / {scope}: must be VN or a level-1 code such as H39"
        )
    changes = calendar.read(settings)
    chosen = calendar.at_revision(changes, settings.calendar_revision)
    project = compiled_models(settings)
    with connect(settings) as con:
        _open(con, project)
        _calendar(con, project, chosen, changes)
        found = con.execute(
            """select day, iso_weekday, is_working_day, kind, name, origin, scope, revision
            from intermediate.int_calendar
            where date_trunc('month', day) = date_trunc('month', $first::date) and calendar = coalesce(
                (select max(calendar) from intermediate.int_calendar where calendar = $scope), 'VN'
            )
            order by day""",
            {"first": first, "scope": scope},
        )
        rows = rows_of(found)
    lines = {(c.day, c.scope): c.line for c in chosen.changes}
    return [row | {"place": _place(row, lines)} for row in rows]


def effect(settings: Settings, change: Change) -> Effect:
    """What adding `change` to the calendar would do. Reads the published version; changes nothing.

    Raises CalendarError when the change is not a valid one, NationalVersionError, CompileError.
    """
    changes = calendar.read(settings)
    after = [*changes, calendar.planned(changes, change)]
    published = current(settings)
    if published is not None:
        require_province(published)
    project = compiled_models(settings)
    with connect(settings) as con:
        _open(con, project)
        for name, lines in (("before", changes), ("after", after)):
            _calendar(con, project, calendar.at_revision(lines), lines)
            con.execute(f"create or replace table intermediate.{name} as from intermediate.int_calendar")
        con.execute(f"create or replace table intermediate.changed as {_statement('changed_days')}")
        days = rows_of(
            con.execute("select calendar, day, was_worked, is_worked from intermediate.changed order by all")
        )
        if published is None or not days:
            version = published.version if published else None
            return Effect(days, [], [], [], version)
        path = literal(published.database)
        con.execute(f"attach {path} as published (read_only)")
        con.execute(
            """create or replace table state.clock as
            select as_of, known_at, $1::bigint as changed_since, definitions_version,
                0 as build_id, $1::bigint as green_build
            from published.marts.fct_verdicts limit 1""",
            [NOTHING],
        )
        for name in ("before", "after"):
            _verdicts(con, project, name)
        con.execute(_COMPARED)
        return Effect(
            days,
            rows_of(con.execute(_BY_RULE_SET)),
            rows_of(con.execute(_BY_VERDICT)),
            rows_of(con.execute(_BY_AGENCY, {"most": AGENCIES})),
            published.version,
        )


def _open(con: duckdb.DuckDBPyConnection, project: CompiledProject) -> None:
    """Make the catalog that the project's SQL names the current one, with the seeds that a calendar is made from."""
    if project.database != "memory":
        con.execute(f"attach ':memory:' as \"{project.database}\"")
    con.execute(f'use "{project.database}"')
    con.execute("create schema state; create schema intermediate")
    seeds, _ = project.needed(["int_calendar"])
    for seed in seeds:
        con.execute(f'create schema if not exists "{seed.schema}"')
        con.execute(f'create table "{seed.schema}"."{seed.name}" as from {seed.relation}')


def _calendar(
    con: duckdb.DuckDBPyConnection, project: CompiledProject, chosen: Revision, changes: Sequence[Change]
) -> None:
    """int_calendar of a revision."""
    calendar.write_tables(con, chosen, changes)
    con.execute(f"create or replace table intermediate.int_calendar as\n{project.models['int_calendar'].sql}")


def _verdicts(con: duckdb.DuckDBPyConnection, project: CompiledProject, name: str) -> None:
    """The verdicts of the dossiers that may change, by the calendar `before` or `after`: verdicts_before, …"""
    con.execute(f"create or replace table intermediate.int_calendar as from intermediate.{name}")
    con.execute(f"create or replace table intermediate.int_dossier_facts as {_statement('facts')}")
    verdicts = project.models["int_dossier_verdicts"].sql
    con.execute(f"create or replace table intermediate.int_dossier_verdicts as\n{verdicts}")
    con.execute(f"create table intermediate.verdicts_{name} as\n{project.models['int_verdicts'].sql}")


def _place(row: Row, lines: dict[tuple[date, str], int]) -> str | None:
    """File and line of the row that says what the day is."""
    if row["origin"] is None:
        return None
    if row["origin"] == "calendar":
        return f"calendar.csv:{lines[row['day'], row['scope']]}"
    seed = DBT_PROJECT / "seeds" / f"{row['origin']}.csv"
    text = seed.read_text(encoding="utf-8").splitlines()
    line = next(n for n, words in enumerate(text, 1) if words.startswith(f"{row['day']},"))
    return f"{seed.name}:{line}"


def _statement(name: str) -> str:
    return (Path(__file__).parent / "sql" / f"{name}.sql").read_text(encoding="utf-8")


_COMPARED = f"""
create or replace table intermediate.compared as
select
    facts.agency_code, source, dossier_code, rule_set, facts.ended_at is null as is_open,
    before.verdict as verdict_before, after.verdict as verdict_after,
    {", ".join(f"before.{name} is distinct from after.{name} as {name}" for name in MEASURES)}
from intermediate.verdicts_before as before
inner join intermediate.verdicts_after as after using (source, dossier_code, rule_set)
inner join published.marts.fct_dossiers as facts using (source, dossier_code)
where {" or ".join(f"before.{name} is distinct from after.{name}" for name in MEASURES)}
"""

_BY_RULE_SET = f"""
select
    rules.rule_set,
    count(*) filter (where is_open) as open_dossiers,
    {", ".join(f"count(*) filter (where is_open and {name}) as {name}" for name in MEASURES)},
    count(*) filter (where not is_open) as resolved_restated
from published.marts.dim_rule_set as rules
left join intermediate.compared as compared using (rule_set)
group by rules.rule_set, rules.position order by rules.position
"""

_BY_VERDICT = """
select rule_set, verdict_before, verdict_after, is_open, count(*) as dossiers
from intermediate.compared where verdict group by all order by all
"""

_BY_AGENCY = """
select agency_code, any_value(names.name) as name, count(distinct (source, dossier_code)) as open_dossiers
from intermediate.compared
left join published.marts.dim_agency as names using (agency_code)
where is_open and coalesce(names.is_latest, true)
group by agency_code order by open_dossiers desc, agency_code limit $most
"""
