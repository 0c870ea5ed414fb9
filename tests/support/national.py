"""Provinces for the national roll-up, and its figures a second time: plain SQL over the union of their marts.

A province made here is what a roll-up reads of one, a manifest and Parquet, with invented rows: half of its dossiers
are in two systems, every verdict and many values occur; the same `agency` gives the same codes in several provinces.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from pipelines.rollup.national import SHARED, taken_marts
from pipelines.serving import catalogue
from pipelines.sql import literal, open_duckdb, quoted
from warehouse.build import definitions_version

AS_OF = "2024-05-31T23:59:59"

#: Rows of a province: mart → query. `pick(n, what, i)` is a number below n, always the same for the same things.
ROWS = {
    "fct_dossiers": """
        select source, $agency || '-24-' || lpad(i::varchar, 5, '0') as dossier_code,
            $agency || '.' || (10 + pick(3, 'agency', i)) as agency_code,
            case when pick(9, 'procedure', i) > 0
                then '1.00000' || pick(5, 'procedure', i) || '.000.00.00.' || $code end as procedure_code,
            procedure_code[:8] as procedure_key, 'F' || pick(3, 'field', i) as field_code,
            (1 + pick(2, 'channel', i))::varchar as channel, $code || pick(40, 'person', i) as applicant_key,
            timestamp '2024-01-01 08:00:00' + to_days(pick(150, 'day', i)::integer) as received_at,
            pick(20, 'population', i) > 0 as in_population
        from range($dossiers) as numbers(i), (values ('dvcqg'), ('motcua')) as systems(source)
        where source = 'dvcqg' or i % 2 = 0""",
    "fct_verdicts": """
        select source, dossier_code, rule_set,
            ['early', 'on_time', 'late', 'in_time', 'overdue', 'no_deadline', 'not_applicable']
                [1 + pick(7, rule_set, dossier_code)] as verdict,
            pick(40, 'taken' || rule_set, dossier_code)::bigint as working_days_taken,
            case when verdict in ('late', 'overdue') then pick(35, 'overdue' || rule_set, dossier_code)::bigint end
                as working_days_overdue,
            case when working_days_overdue > 30 then '>30' when working_days_overdue > 5 then '6-30'
                when working_days_overdue is not null then '0-5' end as overdue_bucket,
            received_at + to_days(10) as effective_due
        from marts.fct_dossiers,
            (values ('form_ii06'), ('portal_766'), ('citizen_handover'), ('first_appointment')) as sets(rule_set)
        where in_population""",
    "mart_overdue_dossiers": """
        select source, dossier_code, rule_set, agency_code, working_days_overdue, overdue_bucket, effective_due
        from marts.fct_verdicts join marts.fct_dossiers using (source, dossier_code) where verdict = 'overdue'""",
    "mart_step_durations": """
        select source, dossier_code, step::integer as step_no, agency_code, procedure_code,
            ([2, 4, 5, 9])[1 + pick(4, 'status' || step, dossier_code)] as status,
            received_at + to_days(step::integer) as entered_at,
            case when step < 3 then entered_at + to_days(1) end as left_at,
            (60 * pick(10000, 'seconds' || step, dossier_code))::bigint as working_seconds,
            pick(4, 'status' || step, dossier_code) = 2 as citizen_time,
            pick(6, 'returned' || step, dossier_code) = 0 as returned_to_unit,
            pick(8, 'attributable' || step, dossier_code) > 0 as attributable
        from marts.fct_dossiers, range(1, 4) as steps(step) where in_population""",
    "mart_agency_scorecard": """
        select source, agency_code, 3 as level, null::varchar as level_name,
            count(*) filter (rule_set = 'form_ii06') as received,
            count(*) filter (rule_set = 'form_ii06' and verdict in ('early', 'on_time', 'late')) as resolved,
            count(*) filter (rule_set = 'form_ii06' and verdict in ('early', 'on_time')) / resolved
                as on_time_rate_form_ii06,
            rank() over (partition by source order by on_time_rate_form_ii06 desc)::integer as rank_in_level
        from marts.fct_verdicts join marts.fct_dossiers using (source, dossier_code) group by source, agency_code""",
    "mart_timeliness_monthly": """
        select source, 'calendar' as scheme, strftime(received_at, '%Y-%m') as month,
            date_trunc('month', received_at)::date as period_from, last_day(received_at) as period_to, agency_code,
            field_code, channel, count(*) as received, 3 as carried_over,
            count(*) filter (verdict = 'early') as resolved_early, count(*) filter (verdict = 'on_time')
                as resolved_on_time,
            count(*) filter (verdict = 'late') as resolved_late, count(*) filter (verdict = 'overdue')
                as pending_overdue,
            received + carried_over - resolved_early - resolved_on_time - resolved_late - pending_overdue
                as pending_in_time
        from marts.fct_verdicts join marts.fct_dossiers using (source, dossier_code)
        where rule_set = 'form_ii06' group by all""",
    "mart_timeliness_rule_sets": """
        select source, 'calendar' as scheme, strftime(received_at, '%Y-%m') as month, agency_code, field_code, channel,
            rule_set, count(*) as received, count(*) filter (verdict = 'early') as early,
            count(*) filter (verdict = 'on_time') as on_time, count(*) filter (verdict = 'late') as late,
            count(*) filter (verdict = 'in_time') as in_time, count(*) filter (verdict = 'overdue') as overdue,
            count(*) filter (verdict = 'no_deadline') as no_deadline,
            count(*) filter (verdict = 'not_applicable') as not_applicable
        from marts.fct_verdicts join marts.fct_dossiers using (source, dossier_code) group by all""",
    "rpt_form_ii06": """
        select source, scheme, month as period, period_from, period_to, agency_code, field_code,
            sum(received) + sum(carried_over) as received_total, sum(received) as received_online, 0 as received_direct,
            sum(carried_over) as carried_over, sum(resolved_early) + sum(resolved_on_time) + sum(resolved_late)
                as resolved_total,
            sum(resolved_early) as resolved_early, sum(resolved_on_time) as resolved_on_time,
            sum(resolved_late) as resolved_late, sum(pending_in_time) + sum(pending_overdue) as pending_total,
            sum(pending_in_time) as pending_in_time, sum(pending_overdue) as pending_overdue
        from marts.mart_timeliness_monthly group by all""",
    "mart_backlog_daily": """
        select source, received_at::date as day, agency_code, count(*) as received, 1 as resolved,
            pick(9, 'backlog', agency_code || day)::bigint as pending_in_time, 2 as pending_overdue
        from marts.fct_dossiers group by source, day, agency_code""",
    "mart_progress_766": """
        select source, month as period, min(period_from) as period_from, max(period_to) as period_to,
            split_part(agency_code, '.', 1) as agency_code, 1 as level, sum(received) as total_received,
            sum(resolved_on_time) as total_on_time, total_received - total_on_time as total_overdue,
            sum(resolved_late) as total_completed
        from marts.mart_timeliness_monthly group by source, month, split_part(agency_code, '.', 1)
        union all by name
        -- agencies below stand for themselves, and are in their province's figures already
        select source, '2024-01' as period, date '2024-01-01' as period_from, date '2024-01-31' as period_to,
            agency_code, 3 as level, 99 as total_received, 9 as total_on_time, 90 as total_overdue, 1 as total_completed
        from marts.mart_agency_scorecard""",
    "mart_progress_766_reporting": "select * from marts.mart_progress_766",
    "mart_progress_766_groups": """
        select source, period, period_from, period_to, agency_code, level, indicator, total_on_time as numerator,
            total_received as denominator
        from marts.mart_progress_766, (values ('3.3'), ('3.5a'), ('5.4')) as indicators(indicator)""",
    "mart_quality": """
        select source, agency_code, 'WRN_REOPENED' as rule_id, 'dossier' as unit, count(*) as count
        from marts.fct_dossiers group by source, agency_code""",
    "mart_distortions": """
        select source, agency_code, 'bulk_closing' as distortion, strftime(received_at, '%Y-%m') as month,
            count(*) as dossiers
        from marts.fct_dossiers where in_population and dossier_code like '%7' group by all""",
    "mart_system_reconciliation_monthly": """
        select agency_code, strftime(received_at, '%Y-%m') as month, count(*) as dossiers, 0 as in_both,
            count(*) filter (source = 'motcua') as only_local, count(*) filter (source = 'dvcqg') as only_portal,
            0 as identical, 1 as status_differs, 2 as received_differs, 3 as due_differs, 4 as end_differs,
            5 as agency_differs, 6 as delayed, pick(500, 'delay', agency_code || month)::bigint as longest_delay_seconds
        from marts.fct_dossiers group by agency_code, month""",
    "dim_field": """
        select distinct field_code, case field_code when 'F0' then field_code else 'Lĩnh vực ' || field_code end
            as field_name
        from marts.fct_dossiers""",
    "dim_procedure": """
        select procedure_key, 'Thủ tục ' || procedure_key as procedure_name, min(field_code) as field_code
        from marts.fct_dossiers where procedure_key is not null group by procedure_key""",
    "dim_agency": "select distinct agency_code, agency_code as name from marts.fct_dossiers",
    "dim_rule_set": "select 'form_ii06' as rule_set, 1 as position",
}


def write_province(
    folder: Path,
    code: str | None,
    *,
    agency: str = "H39.18",
    dossiers: int = 150,
    as_of: str = AS_OF,
    definitions: str | None = None,
    extra: Iterable[str] = (),
) -> Path:
    """A published version of a province in `folder`; returns the folder. extra: statements before it is written."""
    (folder / "parquet").mkdir(parents=True)
    definitions = definitions or definitions_version()
    with open_duckdb() as con:
        con.execute("create schema marts")
        con.execute(
            f"create macro pick(n, what, i) as (hash({literal(code or '-')}, what, i) % n)::bigint"  # never random
        )
        for name in taken_marts():
            columns = catalogue.marts()[name].columns.values()
            made = ", ".join(f"{quoted(column.name)} {column.type}" for column in columns)
            con.execute(f"create table marts.{quoted(name)} ({made})")
        given = {"agency": agency, "code": code or "-", "dossiers": dossiers}
        for name, query in ROWS.items():
            used = {key: value for key, value in given.items() if f"${key}" in query}
            con.execute(f"insert into marts.{quoted(name)} by name select * from ({query})", used or None)
        for name in taken_marts():
            con.execute(
                f"update marts.{quoted(name)} set as_of = $1::timestamp, definitions_version = $2", [as_of, definitions]
            )
        for statement in extra:
            con.execute(statement)
        marts = {}
        for name in taken_marts():
            path = folder / "parquet" / f"{name}.parquet"
            con.execute(f"copy marts.{quoted(name)} to {literal(path)} (format parquet)")
            content = path.read_bytes()
            marts[name] = {"parquet": {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}}
    manifest = {
        "version": f"20240531T235959-{folder.name}",
        "as_of": as_of,
        "known_at": None,
        "definitions_version": definitions,
        "package_version": "0.1.0",
        "province": code,
        "marts": marts,
    }
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    return folder


#: Figures of the country and its provinces from the marts of the provinces (p_<mart>, with province_code), computed as
#: plainly as can be. `areas(t)`: every row once for the country and once for its province.
EXPECTED = {
    "nat_dossiers": """
        select area_code, strftime(first, '%Y-%m') as month, count(*) as dossiers,
            count(*) filter (systems > 1) as in_several_systems,
            case when area_code <> 'VN' then (
                select count(distinct applicant_key) from p_fct_dossiers as d
                where d.province_code = area_code and d.in_population and strftime(d.received_at, '%Y-%m') = month
            ) end as applicants
        from (
            select province_code, dossier_code, min(received_at) as first, count(distinct source) as systems
            from p_fct_dossiers where in_population group by all
        ) as once, unnest(['VN', province_code]) as areas(area_code)
        group by area_code, month""",
    "nat_timeliness_monthly": """
        select area_code, source, scheme, month, period_from, period_to, field_code, channel,
            sum(received) as received, sum(carried_over) as carried_over, sum(resolved_early) as resolved_early,
            sum(resolved_on_time) as resolved_on_time, sum(resolved_late) as resolved_late,
            sum(pending_in_time) as pending_in_time, sum(pending_overdue) as pending_overdue,
            case when sum(resolved_early + resolved_on_time + resolved_late) > 0 then
                sum(resolved_early + resolved_on_time) / sum(resolved_early + resolved_on_time + resolved_late)
            end as on_time_rate
        from p_mart_timeliness_monthly, unnest(['VN', province_code]) as areas(area_code) group by all""",
    "nat_timeliness_rule_sets": """
        select area_code, source, scheme, month, field_code, channel, rule_set, sum(received) as received,
            sum(early) as early, sum(on_time) as on_time, sum(late) as late, sum(in_time) as in_time,
            sum(overdue) as overdue, sum(no_deadline) as no_deadline, sum(not_applicable) as not_applicable,
            case when sum(early + on_time + late) > 0 then sum(early + on_time) / sum(early + on_time + late) end
                as on_time_rate
        from p_mart_timeliness_rule_sets, unnest(['VN', province_code]) as areas(area_code) group by all""",
    "nat_form_ii06": """
        select area_code, source, scheme, period, period_from, period_to, field_code,
            sum(received_total) as received_total, sum(received_online) as received_online,
            sum(received_direct) as received_direct, sum(carried_over) as carried_over,
            sum(resolved_total) as resolved_total, sum(resolved_early) as resolved_early,
            sum(resolved_on_time) as resolved_on_time, sum(resolved_late) as resolved_late,
            sum(pending_total) as pending_total, sum(pending_in_time) as pending_in_time,
            sum(pending_overdue) as pending_overdue
        from p_rpt_form_ii06, unnest(['VN', province_code]) as areas(area_code) group by all""",
    "nat_backlog_daily": """
        select area_code, source, day, sum(received) as received, sum(resolved) as resolved,
            sum(pending_in_time) as pending_in_time, sum(pending_overdue) as pending_overdue
        from p_mart_backlog_daily, unnest(['VN', province_code]) as areas(area_code) group by all""",
    "nat_overdue_aging": """
        select area_code, source, rule_set, overdue_bucket, count(*) as dossiers, min(effective_due) as oldest_due_at,
            median(working_days_overdue) as median_working_days_overdue,
            max(working_days_overdue) as max_working_days_overdue
        from p_mart_overdue_dossiers, unnest(['VN', province_code]) as areas(area_code) group by all""",
    "nat_province_scorecard": """
        with figures as (
            select area_code, source, count(*) filter (rule_set = 'form_ii06') as received,
                count(*) filter (rule_set = 'form_ii06' and verdict in ('early', 'on_time', 'late')) as resolved,
                avg(in_time) filter (rule_set = 'form_ii06') as on_time_rate_form_ii06,
                avg(in_time) filter (rule_set = 'portal_766') as on_time_rate_portal_766,
                avg(in_time) filter (rule_set = 'citizen_handover') as on_time_rate_citizen_handover,
                avg(in_time) filter (rule_set = 'first_appointment') as on_time_rate_first_appointment,
                count(*) filter (rule_set = 'form_ii06' and verdict = 'overdue') as overdue,
                avg(working_days_taken) filter (rule_set = 'form_ii06' and verdict in ('early', 'on_time', 'late'))
                    as avg_working_days_taken,
                median(working_days_taken) filter (rule_set = 'form_ii06' and verdict in ('early', 'on_time', 'late'))
                    as median_working_days_taken
            from (
                select *, case verdict when 'early' then 1 when 'on_time' then 1 when 'late' then 0 end as in_time
                from p_fct_verdicts
            ), unnest(['VN', province_code]) as areas(area_code)
            group by area_code, source
        )
        select *, case when area_code <> 'VN' then (
            select count(*) + 1 from figures as others where others.area_code <> 'VN' and others.source = figures.source
                and coalesce(others.on_time_rate_form_ii06, -1) > coalesce(figures.on_time_rate_form_ii06, -1)
        ) end as rank_among_provinces
        from figures""",
    "nat_agency_ranks": """
        select province_code, source, agency_code, on_time_rate_form_ii06, rank_in_level as rank_in_province, (
            select count(*) + 1 from p_mart_agency_scorecard as others
            where others.source = own.source and others.level = own.level and others.agency_code <> 'unknown'
                and others.level_name is not distinct from own.level_name
                and coalesce(others.on_time_rate_form_ii06, -1) > coalesce(own.on_time_rate_form_ii06, -1)
        ) as rank_in_country
        from p_mart_agency_scorecard as own where agency_code <> 'unknown'""",
    "nat_progress_766": """
        select area_code, source, scheme, period, period_from, period_to, sum(total_received) as total_received,
            sum(total_on_time) as total_on_time, sum(total_overdue) as total_overdue,
            sum(total_completed) as total_completed,
            round(100 * sum(total_on_time)::decimal(18, 0) / sum(total_received), 2)::double as ratio,
            round(20 * sum(total_on_time)::decimal(18, 0) / sum(total_received), 2)::double as score
        from (
            select *, 'calendar' as scheme from p_mart_progress_766
            union all by name select *, 'reporting' as scheme from p_mart_progress_766_reporting
        ), unnest(['VN', province_code]) as areas(area_code)
        where agency_code not like '%.%' group by area_code, source, scheme, period, period_from, period_to""",
    "nat_progress_766_groups": """
        select area_code, source, period, indicator,
            case when indicator not like '3.5%' then sum(numerator) end as numerator,
            case when indicator not like '3.5%' then sum(denominator) end as denominator
        from p_mart_progress_766_groups, unnest(['VN', province_code]) as areas(area_code)
        where agency_code not like '%.%' group by area_code, source, period, indicator""",
    "nat_procedures": """
        select area_code, source, strftime(received_at, '%Y-%m') as month,
            coalesce(procedure_key, 'unknown') as procedure_key, rule_set, count(*) as received,
            count(*) filter (verdict = 'early') as early, count(*) filter (verdict = 'on_time') as on_time,
            count(*) filter (verdict = 'late') as late, count(*) filter (verdict = 'in_time') as in_time,
            count(*) filter (verdict = 'overdue') as overdue, count(*) filter (verdict = 'no_deadline') as no_deadline,
            count(*) filter (verdict = 'not_applicable') as not_applicable,
            avg((verdict <> 'late')::integer) filter (verdict in ('early', 'on_time', 'late')) as on_time_rate,
            median(working_days_taken) filter (verdict in ('early', 'on_time', 'late')) as median_working_days_taken,
            quantile_cont(working_days_taken, 0.9) filter (verdict in ('early', 'on_time', 'late'))
                as p90_working_days_taken
        from p_fct_verdicts join p_fct_dossiers using (province_code, source, dossier_code),
            unnest(['VN', province_code]) as areas(area_code)
        group by area_code, source, month, coalesce(procedure_key, 'unknown'), rule_set""",
    "nat_bottlenecks": """
        select area_code, source, coalesce(procedure_key, 'unknown') as procedure_key,
            strftime(entered_at, '%Y-%m') as month, count(*) as steps,
            median(working_seconds / 3600) as median_working_hours,
            quantile_cont(working_seconds / 3600, 0.9) as p90_working_hours,
            count(*) filter (returned_to_unit) as returns, count(*) filter (left_at is null) as open_now,
            min(entered_at) filter (left_at is null) as oldest_open_at
        from p_mart_step_durations
        join (select province_code, source, dossier_code, procedure_key from p_fct_dossiers) as dossiers
            using (province_code, source, dossier_code), unnest(['VN', province_code]) as areas(area_code)
        where attributable and not citizen_time and status not in (3, 7, 8, 9, 10)
        group by area_code, source, coalesce(procedure_key, 'unknown'), month""",
    "nat_quality": """
        select area_code, source, rule_id, unit, sum(count) as count
        from p_mart_quality, unnest(['VN', province_code]) as areas(area_code) group by all""",
    "nat_distortions": """
        select area_code, source, distortion, month, sum(dossiers) as dossiers, sum(dossiers) / (
            select count(*) from p_fct_dossiers as d where d.in_population and d.source = found.source
                and strftime(d.received_at, '%Y-%m') = month and area_code in ('VN', d.province_code)
        ) as share
        from p_mart_distortions as found, unnest(['VN', province_code]) as areas(area_code)
        group by area_code, source, distortion, month""",
    "nat_system_reconciliation": """
        select area_code, month, sum(dossiers) as dossiers, sum(in_both) as in_both, sum(only_local) as only_local,
            sum(only_portal) as only_portal, sum(identical) as identical, sum(status_differs) as status_differs,
            sum(received_differs) as received_differs, sum(due_differs) as due_differs,
            sum(end_differs) as end_differs, sum(agency_differs) as agency_differs, sum(delayed) as delayed,
            max(longest_delay_seconds) as longest_delay_seconds
        from p_mart_system_reconciliation_monthly, unnest(['VN', province_code]) as areas(area_code) group by all""",
    "dim_province": """
        with codes as (select distinct province_code, dossier_code from p_fct_dossiers)
        select province_code, count(*) as dossiers,
            count(*) filter (exists (
                from codes as others
                where others.dossier_code = codes.dossier_code and others.province_code <> codes.province_code
            )) as dossiers_elsewhere,
            (select count(distinct applicant_key) from p_fct_dossiers as d
                where d.province_code = codes.province_code and in_population) as applicants
        from codes group by province_code""",
}


@contextmanager
def provinces_beside(national: Path, folders: dict[str, Path]) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection with the national version as catalog `national` and the provinces' marts as p_<mart>."""
    with open_duckdb() as con:
        con.execute(f"attach {literal(national)} as national (read_only)")
        for mart in taken_marts():
            if mart not in SHARED:
                rows = " union all by name ".join(
                    f"select {literal(code)} as province_code, * from {literal(folder / 'parquet' / f'{mart}.parquet')}"
                    for code, folder in folders.items()
                )
                con.execute(f"create view p_{mart} as {rows}")
        yield con


def differing(con: duckdb.DuckDBPyConnection, mart: str, query: str, where: str = "true") -> list[tuple[object, ...]]:
    """Rows of the query that the national mart has not, and rows of the mart that the query has not, in the columns of
    the query; floating point numbers to nine digits. where: which rows of the mart."""
    columns = con.execute(f"describe {query}").fetchall()
    kinds = {row[0]: row[1] for row in con.execute(f"describe national.marts.{quoted(mart)}").fetchall()}
    shown = ", ".join(_shown(quoted(name), kinds[name]) for name, *_ in columns)
    ours, theirs = (
        f"(select {shown} from {of})" for of in (f"national.marts.{quoted(mart)} where {where}", f"({query})")
    )
    both = f"(from {ours} except all from {theirs}) union all (from {theirs} except all from {ours})"
    return con.execute(f"from ({both}) limit 5").fetchall()


def _shown(name: str, kind: str) -> str:
    return f"printf('%.9g', {name}::double) as {name}" if kind == "DOUBLE" else f"{name}::varchar as {name}"
