"""What must hold between the marts of definitions 2.0: parts add up to wholes, and steps that may name no one do not.

Every identity is a query of what breaks it, and changes of a build (schemas marts, intermediate) that it must find."""

from __future__ import annotations

from dataclasses import dataclass

VERDICTS = ("early", "on_time", "late", "in_time", "overdue", "no_deadline", "not_applicable")
#: Indicators of timeliness §9 whose denominator is everything received, and those that count dossiers at all.
OF_RECEIVED = ("3.3", "4.1", "4.2", "4.3", "4.4", "4.5", "5.4")
OF_DOSSIERS = ("3.3", "3.6", "4.1", "4.2", "4.3", "4.4", "4.5")
#: A minute with events of so many dossiers of one agency is somebody's button (timeliness §6).
BULK = 100


@dataclass(frozen=True)
class Identity:
    """broken: rows that are not as they should be, none when all is well. harms: statements that break it."""

    broken: str
    harms: tuple[str, ...]


_COUNTED = ", ".join(f"sum({v}) as {v}" for v in VERDICTS)
_FOUND = ", ".join(f"count(*) filter (v.verdict = '{v}') as {v}" for v in VERDICTS)
_ATTRIBUTED = "(attributable or longest or officer_key is not null)"
_WORK = "attributable and not citizen_time and status not in (3, 7, 8, 9, 10)"
_STEPS_OF_UNITS = f"""
    select
        source, agency_code, coalesce(unit_name, 'unknown') as unit_name,
        coalesce(procedure_code, 'unknown') as procedure_code, strftime(entered_at, '%Y-%m') as month,
        count(*) as steps, count(*) filter (returned_to_unit) as returns, count(*) filter (left_at is null) as open_now
    from marts.mart_step_durations where {_WORK} group by 1, 2, 3, 4, 5
"""
_PARTS = """
    not_synchronised + only_on_portal + agency_differs + dates_or_status_differ + two_requests + changed_after_report
"""

IDENTITIES = {
    "rule_sets_add_up_to_verdicts": Identity(
        f"""
        with told as (
            select source, scheme, rule_set, sum(received) as received, {_COUNTED}
            from marts.mart_timeliness_rule_sets group by all
        ), expected as (
            select v.source, schemes.scheme, v.rule_set, count(*) as received, {_FOUND}
            from marts.fct_verdicts as v cross join (values ('calendar'), ('reporting')) as schemes (scheme)
            group by all
        )
        (from told except from expected) union all (from expected except from told)
        """,
        (
            "update marts.mart_timeliness_rule_sets set late = late + 1, received = received + 1 where late > 0",
            "delete from marts.mart_timeliness_rule_sets where rule_set = 'first_appointment' and scheme = 'reporting'",
        ),
    ),
    "rule_sets_by_dates_have_the_same_dossiers": Identity(
        """
        select source, scheme, month, agency_code, field_code, channel
        from marts.mart_timeliness_rule_sets group by all
        having count(distinct received) filter (rule_set <> 'portal_766') > 1
            or max(received) > max(received) filter (rule_set = 'portal_766')
        """,
        ("update marts.mart_timeliness_rule_sets set received = received + 1 where rule_set = 'first_appointment'",),
    ),
    "waiting_is_every_registration_that_nobody_accepted": Identity(
        """
        with expected as (
            select source, dossier_code, submitted_at from marts.fct_dossiers
            where status = 1 and coalesce(submitted_at <= as_of, true)
        ), told as (select source, dossier_code, submitted_at from marts.mart_waiting_acceptance)
        (from told except all from expected) union all (from expected except all from told)
        union all
        select source, dossier_code, submitted_at from marts.mart_waiting_acceptance
        where over_8_hours is distinct from (working_hours_waited > 8)
            or (submitted_at is null) <> (working_hours_waited is null)
        """,
        (
            "delete from marts.mart_waiting_acceptance where submitted_at is null",
            "update marts.mart_waiting_acceptance set over_8_hours = not over_8_hours",
            "update marts.mart_waiting_acceptance set working_hours_waited = 0 where submitted_at is null",
        ),
    ),
    "steps_are_the_events_of_the_population": Identity(
        """
        with told as (
            select source, dossier_code, count(*) as steps, max(step_no) as last_step,
                count(*) filter (left_at is null) as open_steps
            from marts.mart_step_durations group by all
        ), expected as (
            select e.source, e.dossier_code, count(*) as steps, count(*) as last_step,
                max((d.ended_at is null)::int) as open_steps
            from intermediate.int_events as e join marts.fct_dossiers as d using (source, dossier_code)
            where d.in_population and e.event_at <= d.as_of group by all
        )
        (from told except from expected) union all (from expected except from told)
        """,
        (
            "delete from intermediate.int_steps where step_no = 2",
            "update intermediate.int_steps set left_at = null where step_no = 1 and left_at is not null",
        ),
    ),
    "steps_follow_one_another": Identity(
        """
        select * from (
            select *, lead(entered_at) over (partition by source, dossier_code order by step_no) as next_entered_at
            from marts.mart_step_durations
        ) where next_entered_at is not null and left_at is distinct from next_entered_at
        """,
        ("update intermediate.int_steps set left_at = left_at + interval 1 second where step_no = 1",),
    ),
    "steps_that_cover_too_little_name_no_one": Identity(
        f"select * from marts.mart_step_durations where {_ATTRIBUTED} and coalesce(coverage, 0) < 0.8",
        ("update intermediate.int_steps set is_told = true where coverage < 0.8",),
    ),
    "steps_of_bulk_moments_name_no_one": Identity(
        f"""
        with crowded as (
            select source, agency_code, date_trunc('minute', entered_at) as minute from marts.mart_step_durations
            where entered_at <> entered_at::date
            group by all having count(distinct dossier_code) >= {BULK}
        ), bulk as (
            select distinct source, dossier_code from marts.mart_step_durations as s
            join crowded using (source, agency_code) where date_trunc('minute', s.entered_at) = crowded.minute
        )
        select * from marts.mart_step_durations semi join bulk using (source, dossier_code) where {_ATTRIBUTED}
        """,
        ("delete from intermediate.int_bulk_dossiers",),
    ),
    "steps_that_tell_only_of_the_end_name_no_one": Identity(
        f"""
        select * from marts.mart_step_durations
        where {_ATTRIBUTED} and (source, dossier_code) in (
            select (source, dossier_code) from marts.mart_step_durations
            group by source, dossier_code having bool_and(status in (9, 10))
        )
        """,
        (
            """update intermediate.int_steps set is_told = true where (source, dossier_code) in (
                select (source, dossier_code) from intermediate.int_steps
                group by source, dossier_code having bool_and(status in (9, 10)))""",
        ),
    ),
    "the_longest_step_is_the_longest": Identity(
        """
        select * from (
            select *, max(working_seconds) filter (not citizen_time) over (partition by source, dossier_code) as most
            from marts.mart_step_durations
        ) where longest and (citizen_time or working_seconds < most or working_seconds = 0)
        """,
        ("update intermediate.int_steps set is_longest = true where citizen_time and is_told",),
    ),
    "bottlenecks_are_sums_of_steps": Identity(
        f"""
        with expected as ({_STEPS_OF_UNITS}),
        told as (
            select source, agency_code, unit_name, procedure_code, month, steps, returns, open_now
            from marts.mart_unit_bottlenecks
        )
        (from told except from expected) union all (from expected except from told)
        """,
        (
            "update marts.mart_unit_bottlenecks set open_now = open_now + 1",
            "delete from marts.mart_unit_bottlenecks where unit_name = 'unknown'",
        ),
    ),
    "shares_of_late_waiting_make_a_whole": Identity(
        """
        select source, agency_code, procedure_code, month from marts.mart_unit_bottlenecks group by all
        having count(share_of_late_waiting) not in (0, count(*)) or abs(sum(share_of_late_waiting) - 1) > 1e-9
        """,
        ("update marts.mart_unit_bottlenecks set share_of_late_waiting = 0.5 where share_of_late_waiting = 1",),
    ),
    "groups_of_766_count_what_was_received": Identity(
        f"""
        select g.source, g.period, g.agency_code, g.indicator
        from marts.mart_progress_766_groups as g
        join marts.mart_progress_766 as p using (source, period, agency_code)
        where g.indicator in {OF_RECEIVED} and g.denominator is distinct from p.total_received
            or g.indicator = '5.4' and g.numerator is distinct from p.total_on_time
        """,
        (
            "update marts.mart_progress_766_groups set denominator = denominator - 1 where indicator = '4.5'",
            "update marts.mart_progress_766_groups set numerator = 0 where indicator = '5.4'",
        ),
    ),
    "groups_of_766_add_up_over_months": Identity(
        f"""
        select year.source, year.agency_code, year.indicator, year.period
        from marts.mart_progress_766_groups as year
        join marts.mart_progress_766_groups as month
            on year.source = month.source and year.agency_code = month.agency_code
            and year.indicator = month.indicator and month.period like year.period || '-__'
            and month.period not like '%H_' and month.period not like '%Q_'
        where length(year.period) = 4 and year.indicator in {OF_DOSSIERS}
        group by year.source, year.agency_code, year.indicator, year.period, year.numerator, year.denominator
        having sum(month.numerator) <> year.numerator or sum(month.denominator) <> year.denominator
        """,
        ("update marts.mart_progress_766_groups set numerator = numerator + 1 where length(period) = 4",),
    ),
    "every_point_of_766_that_is_lost_has_its_dossiers": Identity(
        f"""
        with own as (
            -- agencies with nothing below them: their figures are of their own dossiers
            select * from marts.mart_progress_766_groups as g
            where indicator in {(*OF_DOSSIERS, "5.4")} and period like '____-__' and period not like '%H_'
                and period not like '%Q_' and score < max_score
                and not exists (
                    select 1 from marts.mart_progress_766 as below
                    where below.source = g.source and starts_with(below.agency_code, g.agency_code || '.')
                )
        ), lost as (
            select source, agency_code, period, indicator, count(*) as dossiers
            from marts.mart_lost_points_766 group by all
        )
        select own.source, own.agency_code, own.period, own.indicator, denominator - numerator, dossiers
        from own left join lost using (source, agency_code, period, indicator)
        where denominator - numerator <> coalesce(dossiers, 0)
        """,
        (
            """update marts.mart_progress_766_groups set numerator = numerator - 1
            where numerator > 0 and score < max_score""",
        ),
    ),
    "the_risk_is_told_of_every_dossier_that_has_used_its_time": Identity(
        """
        with expected as (
            select d.source, d.dossier_code
            from marts.fct_dossiers as d join marts.fct_verdicts as v using (source, dossier_code)
            where v.rule_set = 'form_ii06' and v.verdict = 'in_time' and d.state = 'processing'
                and d.due_at > d.received_at
                and 100 * date_diff('second', d.received_at, d.as_of)
                    >= 75 * date_diff('second', d.received_at, d.due_at)
        ), told as (select source, dossier_code from marts.mart_overdue_risk)
        (from told except all from expected) union all (from expected except all from told)
        """,
        (
            """delete from marts.mart_overdue_risk where dossier_code = (
                select min(dossier_code) from marts.mart_overdue_risk)""",
        ),
    ),
    "the_risk_counts_whole_dossiers_and_the_same_for_the_same": Identity(
        """
        select source, dossier_code from marts.mart_overdue_risk
        where coalesce(late_share <> late_dossiers / comparable_dossiers, comparable_dossiers is not null)
            or comparable_dossiers < 30
        union all
        select source, compared_with from marts.mart_overdue_risk where compared_with is not null
        group by
            source, compared_with, least(floor(100 * time_used_share), 100),
            case when compared_with <> 'all' then procedure_code end,
            case when compared_with = 'procedure_agency' then agency_code end
        having count(distinct (comparable_dossiers, late_dossiers)) > 1
        """,
        ("update marts.mart_overdue_risk set late_dossiers = late_dossiers + 1 where comparable_dossiers is not null",),
    ),
    "systems_hold_every_dossier_once": Identity(
        """
        with expected as (
            select dossier_code, case when count(*) = 2 then 'both' when min(source) = 'motcua' then 'only_local'
                else 'only_portal' end as presence
            from marts.fct_dossiers where source in ('dvcqg', 'motcua') group by dossier_code
        ), told as (select dossier_code, presence from marts.mart_system_reconciliation)
        (from told except all from expected) union all (from expected except all from told)
        """,
        (
            "update marts.mart_system_reconciliation set presence = 'both' where presence = 'only_local'",
            "delete from marts.mart_system_reconciliation where presence = 'only_portal'",
        ),
    ),
    "months_of_the_systems_are_counts_of_the_list": Identity(
        """
        with expected as (
            select
                agency_code, month, count(*) as dossiers, count(*) filter (presence = 'both') as in_both,
                count(*) filter (presence = 'only_local') as only_local,
                count(*) filter (presence = 'only_portal') as only_portal,
                count(*) filter (presence = 'both' and len(differences) = 0) as identical,
                count(*) filter (list_contains(differences, 'status')) as status_differs,
                count(*) filter (list_contains(differences, 'due')) as due_differs
            from marts.mart_system_reconciliation group by all
        ), told as (
            select
                agency_code, month, dossiers, in_both, only_local, only_portal, identical, status_differs, due_differs
            from marts.mart_system_reconciliation_monthly
        )
        (from told except from expected) union all (from expected except from told)
        """,
        ("update marts.mart_system_reconciliation_monthly set dossiers = dossiers + 1, only_local = only_local + 1",),
    ),
    "the_portals_difference_is_its_parts": Identity(
        f"""
        select source, report_file, department_code, figure from marts.mart_portal_reconciliation
        where abs(difference - ({_PARTS} + unexplained)) > 0.001
            or abs(difference - (portal - coalesce(ours, 0))) > 0.006
        union all
        -- the figures among themselves: what is not on time is overdue, part by part
        select r.source, r.report_file, r.department_code, 'total_overdue'
        from marts.mart_portal_reconciliation as r
        join marts.mart_portal_reconciliation as t using (source, report_file, exported_at, department_code, is_parent)
        join marts.mart_portal_reconciliation as o using (source, report_file, exported_at, department_code, is_parent)
        where (r.figure, t.figure, o.figure) = ('total_received', 'total_on_time', 'total_overdue')
            and (
                r.ours - t.ours <> o.ours or r.not_synchronised - t.not_synchronised <> o.not_synchronised
                or r.two_requests - t.two_requests <> o.two_requests
                or r.changed_after_report - t.changed_after_report <> o.changed_after_report
            )
        """,
        (
            "update marts.mart_portal_reconciliation set unexplained = unexplained + 1 where difference is not null",
            "update marts.mart_portal_reconciliation set ours = ours + 1 where figure = 'total_on_time'",
        ),
    ),
}
#: Needs the portal's reports (tests/integration/test_reconciliation.py); the others hold of any world.
OF_REPORTS = ("the_portals_difference_is_its_parts",)
#: No build has an empty one of these, so that a list of what breaks an identity is not empty for want of rows.
TOLD = (
    *("mart_timeliness_rule_sets", "mart_waiting_acceptance", "mart_step_durations", "mart_unit_bottlenecks"),
    *("mart_progress_766_groups", "mart_lost_points_766", "mart_overdue_risk"),
    *("mart_system_reconciliation", "mart_system_reconciliation_monthly"),
)
