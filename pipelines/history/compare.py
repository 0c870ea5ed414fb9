"""Comparing two versions of the marts: which figures differ, and which dossiers cause it, each with its cause.

Reads two published or restated files, read-only; everything is computed in DuckDB, only the answers become Python.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import duckdb

from pipelines.config import Settings
from pipelines.history.restate import restatements
from pipelines.sql import literal, quoted
from warehouse.calendar import MARK
from warehouse.database import connect, number
from warehouse.publish import Publication, current, read_version, versions
from warehouse.reading import require_province

#: Columns that say which version a row is of, not what it says.
STAMPS = ("as_of", "known_at", "definitions_version")

#: Marts whose numbers people quote: mart → its key columns. Their other columns are compared one by one.
FIGURES: dict[str, tuple[str, ...]] = {
    "rpt_form_ii06": ("source", "scheme", "period", "agency_code", "field_code"),
    "mart_progress_766": ("source", "period", "agency_code"),
    "mart_timeliness_monthly": ("source", "scheme", "month", "agency_code", "field_code", "channel"),
    "mart_agency_scorecard": ("source", "agency_code"),
}
_NO_FIGURES = ("period_from", "period_to", "field_name", "rank_in_level", "level")

#: What figures are made of, besides the verdicts themselves.
_FACTS = (
    *("agency_code", "field_code", "channel", "procedure_key", "in_population", "status", "state"),
    *("received_at", "due_at", "ended_at", "handed_over_at", "fee_demand_at", "requests", "paused_seconds"),
    *("statutory_amount", "statutory_unit"),
)

#: Facts that change only when a file says something else, never by time alone.
_REPORTED = ("versions", "valid_from", "events", "statutory_amount", "statutory_unit")

#: Causes in the order in which the first that applies is named first.
CAUSES = (
    *("appeared", "disappeared", "due_changed", "reopened", "ended", "new_information"),
    *("rules_changed", "calendar_changed", "time_passed"),
)


class CompareError(Exception):
    """The versions cannot be compared. The message says why and what to do."""


@dataclass(frozen=True)
class MartDifference:
    """Rows of one mart, stamps aside: in either version, and in one only. None: that side has no such mart."""

    mart: str
    rows_a: int | None
    rows_b: int | None
    only_a: int | None
    only_b: int | None


@dataclass(frozen=True)
class FigureDifference:
    """One number that differs. key: the mart's key columns; None: that side has no such row."""

    mart: str
    key: dict[str, str]
    figure: str
    a: float | None
    b: float | None


@dataclass(frozen=True)
class DossierDifference:
    """One dossier that figures differ by. causes: of CAUSES, the main one first; before, after: what differs."""

    source: str
    dossier_code: str
    agency_code: str
    causes: list[str]
    before: dict[str, Any]
    after: dict[str, Any]


@dataclass(frozen=True)
class Comparison:
    """What `dunghan compare` says. Lists of figures and dossiers are cut at `limit`; the counts are whole."""

    a: dict[str, Any]
    b: dict[str, Any]
    marts: list[MartDifference] = field(default_factory=list)
    figures: list[FigureDifference] = field(default_factory=list)
    figures_differ: int = 0
    causes: dict[str, int] = field(default_factory=dict)
    dossiers: list[DossierDifference] = field(default_factory=list)
    dossiers_differ: int = 0

    @property
    def same(self) -> bool:
        """Do both versions say the same?"""
        return not any(mart.only_a or mart.only_b or mart.only_a is None for mart in self.marts)

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {**asdict(self), "same": self.same}


def find_version(settings: Settings, name: str) -> Publication:
    """A version by its name (published or restated; `current`; an unambiguous beginning) or by the path of its folder.

    Raises CompareError naming what there is.
    """
    path = Path(name).expanduser()
    if (path / "manifest.json").is_file():
        return read_version(path)
    if name == "current" and (now := current(settings)) is not None:
        return now
    known = {found.version: found for found in (*restatements(settings.layout.restated), *versions(settings))}
    fitting = [found for version, found in known.items() if version.startswith(name)]
    if name in known:
        return known[name]
    if len(fitting) != 1:
        there = ", ".join(sorted(known)) or "-"
        raise CompareError(
            f"{name}: không có bản này (hoặc nhiều bản cùng bắt đầu như vậy); đang có: {there}\n"
            f"{name}: no such version, or several begin so; there are: {there}"
        )
    return fitting[0]


def compare(
    settings: Settings, a: Publication, b: Publication, *, agency: str | None = None, limit: int | None = 50
) -> Comparison:
    """How version b differs from version a. agency: only dossiers and figures of this agency code and those below.

    Raises NationalVersionError.
    """
    with connect(settings) as con:
        for name, publication in (("a", a), ("b", b)):
            require_province(publication)
            con.execute(f"attach {literal(publication.database)} as side_{name} (read_only)")
        con.execute("set variable agency = $1", [agency])
        marts = _marts(con)
        both = {mart.mart for mart in marts if mart.only_a is not None}
        figures = [found for mart, key in FIGURES.items() if mart in both for found in _figures(con, mart, key)]
        _differing_dossiers(con, a, b)
        counted = con.execute("select causes[1], count(*) from differing group by 1").fetchall()
        causes = {cause: dict(counted)[cause] for cause in CAUSES if cause in dict(counted)}
        return Comparison(
            a=_head(a),
            b=_head(b),
            marts=marts,
            figures=figures[:limit],
            figures_differ=len(figures),
            causes=causes,
            dossiers=_listed(con, limit),
            dossiers_differ=sum(causes.values()),
        )


def _head(publication: Publication) -> dict[str, Any]:
    names = ("version", "as_of", "known_at", "definitions_version", "created_at")
    return {name: publication.manifest[name] for name in names} | {"folder": str(publication.folder)}


def _columns(con: duckdb.DuckDBPyConnection, side: str, mart: str) -> dict[str, str]:
    found = con.execute(
        """select column_name, data_type from duckdb_columns()
        where database_name = $1 and schema_name = 'marts' and table_name = $2""",
        [side, mart],
    ).fetchall()
    return dict(found)


def _marts(con: duckdb.DuckDBPyConnection) -> list[MartDifference]:
    """Every mart of either side. Marts that list files and rows are compared like the others."""
    names = con.execute(
        """select table_name, list_sort(list(database_name)) from duckdb_tables()
        where schema_name = 'marts' and starts_with(database_name, 'side_') group by 1 order by 1"""
    ).fetchall()
    found = []
    for mart, sides in names:
        rows = {side: number(con, f"select count(*) from {side}.marts.{quoted(mart)}") for side in sides}
        only: dict[str, int | None] = {"side_a": None, "side_b": None}
        if len(sides) == 2:
            shared = _columns(con, "side_a", mart).keys() & _columns(con, "side_b", mart).keys()
            said = ", ".join(quoted(name) for name in sorted(shared - set(STAMPS)))
            for here, there in (("side_a", "side_b"), ("side_b", "side_a")):
                only[here] = number(
                    con,
                    f"""select count(*) from (
                        select {said} from {here}.marts.{quoted(mart)}
                        except all select {said} from {there}.marts.{quoted(mart)}
                    )""",
                )
        found.append(MartDifference(mart, rows.get("side_a"), rows.get("side_b"), only["side_a"], only["side_b"]))
    return found


def _figures(con: duckdb.DuckDBPyConnection, mart: str, key: tuple[str, ...]) -> list[FigureDifference]:
    """The numbers of a mart that differ, by key and column. A missing row counts as null, not as 0."""
    types = _columns(con, "side_a", mart)
    shared = types.keys() & _columns(con, "side_b", mart).keys()
    numbers = [
        name
        for name, kind in types.items()
        if name in shared and name not in (*key, *STAMPS, *_NO_FIGURES) and kind in ("BIGINT", "INTEGER", "DOUBLE")
    ]
    keys = ", ".join(quoted(name) for name in key)
    entries = ", ".join(
        f"{{'figure': '{name}', 'a': a.{quoted(name)}::double, 'b': b.{quoted(name)}::double}}" for name in numbers
    )
    rows = con.execute(
        f"""select {keys}, entry.figure, entry.a, entry.b
        from (
            select {keys}, unnest([{entries}]) as entry
            from side_a.marts.{mart} as a full join side_b.marts.{mart} as b using ({keys})
            where {_of_agency("agency_code")}
        )
        where entry.a is distinct from entry.b
        order by all"""
    ).fetchall()
    return [
        FigureDifference(mart, dict(zip(key, row, strict=False)), row[len(key)], row[len(key) + 1], row[len(key) + 2])
        for row in rows
    ]


def _differing_dossiers(con: duckdb.DuckDBPyConnection, a: Publication, b: Publication) -> None:
    """Fill the temporary table `differing`: dossiers whose facts or verdicts differ, with their causes."""
    facts = ", ".join(_FACTS)
    # A rule set that only one release of the rules has would make every dossier differ, and hide those that really do.
    con.execute("""
        create temp table both_rule_sets as
        select rule_set from side_a.marts.dim_rule_set intersect select rule_set from side_b.marts.dim_rule_set
    """)
    for side in ("a", "b"):
        con.execute(f"""
            create temp table facts_{side} as
            select source, dossier_code, versions, valid_from, events, {facts}, verdicts
            from side_{side}.marts.fct_dossiers
            left join (
                select
                    source, dossier_code,
                    map_from_entries(list((
                        rule_set,
                        {{'verdict': verdict, 'reason': reason, 'working_days_overdue': working_days_overdue}}
                    ) order by rule_set)) as verdicts
                from side_{side}.marts.fct_verdicts where rule_set in (from both_rule_sets) group by all
            ) using (source, dossier_code)
            where {_of_agency("agency_code")}
        """)
    days = number(
        con,
        """select count(*) from side_a.marts.dim_date as a join side_b.marts.dim_date as b using (day)
        where a.is_working_day <> b.is_working_day""",
    )
    (rules_a, own_days_a), (rules_b, own_days_b) = (_definitions(side.manifest) for side in (a, b))
    rules, calendar = rules_a != rules_b, days > 0 or own_days_a != own_days_b
    is_time = a.manifest["as_of"] != b.manifest["as_of"]
    names = [*_FACTS, "verdicts"]
    moved = " or ".join(f"a.{name} is distinct from b.{name}" for name in names)
    reported = [f"a.{name} is distinct from b.{name}" for name in _REPORTED]
    con.execute(f"""
        create temp table differing as
        with differing as (
            select
                source, dossier_code, coalesce(b.agency_code, a.agency_code) as agency_code,
                a.dossier_code is null as is_new, b.dossier_code is null as is_gone,
                not (is_new or is_gone) as is_common,
                {" or ".join(reported)} as is_new_information,
                a.due_at is distinct from b.due_at as due_moved,
                a.ended_at is not null and b.ended_at is null as is_reopened,
                a.ended_at is null and b.ended_at is not null as is_ended,
                {_changes("a", names)} as before, {_changes("b", names)} as after,
            from facts_a as a full join facts_b as b using (source, dossier_code)
            where {moved}
        )
        select
            source, dossier_code, agency_code, before, after,
            list_filter([
                case when is_new then 'appeared' end,
                case when is_gone then 'disappeared' end,
                case when is_common and due_moved then 'due_changed' end,
                case when is_common and is_reopened then 'reopened' end,
                case when is_common and is_ended then 'ended' end,
                case when is_common and is_new_information then 'new_information' end,
                case when is_common and not is_new_information and {str(rules).lower()} then 'rules_changed' end,
                case when is_common and not is_new_information and {str(calendar).lower()} then 'calendar_changed' end,
                case when is_common and not is_new_information and {str(is_time).lower()} then 'time_passed' end
            ], lambda cause: cause is not null) as causes,
        from differing
    """)


def _definitions(manifest: dict[str, Any]) -> tuple[tuple[str, str], tuple[str, str]]:
    """(version of the rules and the project that computes them, mark and lines of the warehouse's own calendar)."""
    definitions, project, *days = str(manifest["fingerprint"]).split(":")
    rules, mark, revision = definitions.partition(MARK)
    return (rules, project), (mark + revision, "".join(days))


def _changes(side: str, names: list[str]) -> str:
    """JSON text of the columns that differ, as `side` has them."""
    entries = ", ".join(
        f"case when a.{name} is distinct from b.{name} then {{'k': '{name}', 'v': to_json({side}.{name})}} end"
        for name in names
    )
    return f"to_json(map_from_entries(list_filter([{entries}], lambda e: e is not null)))::varchar"


def _listed(con: duckdb.DuckDBPyConnection, limit: int | None) -> list[DossierDifference]:
    import json

    order = ", ".join(f"causes[1] = '{cause}' desc" for cause in CAUSES)
    rows = con.execute(
        f"""select source, dossier_code, agency_code, causes, before, after from differing
        order by {order}, source, dossier_code limit $1""",
        [limit if limit is not None else 2**62],
    ).fetchall()
    return [
        DossierDifference(source, code, agency, causes, json.loads(before), json.loads(after))
        for source, code, agency, causes, before, after in rows
    ]


def _of_agency(column: str) -> str:
    return (
        f"(getvariable('agency') is null or {column} = getvariable('agency')"
        f" or starts_with({column}, getvariable('agency') || '.'))"
    )
