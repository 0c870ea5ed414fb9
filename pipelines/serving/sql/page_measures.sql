-- The counts of the headline by source, agency and field, each from its own mart: form II.06 of the year of as_of, what
-- falls due, what waits for acceptance longer than eight working hours, what was appointed anew.
with form as (
    select
        source, agency_code, field_code,
        sum(received_total) as received, sum(resolved_early) as early, sum(resolved_on_time) as on_time,
        sum(resolved_late) as late, sum(pending_in_time) as in_time, sum(pending_overdue) as overdue
    from marts.rpt_form_ii06
    where scheme = 'calendar' and period = strftime(as_of, '%Y') and is_of(agency_code, $agency)
    group by all
),

due as (
    select
        source, agency_code, coalesce(field_code, 'unknown') as field_code,
        count(*) as due_soon, count(*) filter (apology_due) as apologies
    from marts.mart_due_soon
    where rule_set = 'form_ii06' and is_of(agency_code, $agency)
    group by all
),

waiting as (
    select source, agency_code, coalesce(field_code, 'unknown') as field_code, count(*) as waiting
    from marts.mart_waiting_acceptance
    left join (select procedure_key, field_code from marts.dim_procedure) as procedures
        on left(procedure_code, 8) = procedure_key
    where over_8_hours and is_of(agency_code, $agency)
    group by all
),

reappointed as (
    select source, agency_code, coalesce(field_code, 'unknown') as field_code, count(*) as reappointed
    from marts.fct_dossiers
    where list_contains(flags, 'WRN_REAPPOINTED') and in_population and is_of(agency_code, $agency)
    group by all
)

select
    source, agency_code, field_code,
    coalesce(sum(received), 0)::bigint as received, coalesce(sum(early), 0)::bigint as early,
    coalesce(sum(on_time), 0)::bigint as on_time, coalesce(sum(late), 0)::bigint as late,
    coalesce(sum(in_time), 0)::bigint as in_time, coalesce(sum(overdue), 0)::bigint as overdue,
    coalesce(sum(due_soon), 0)::bigint as due_soon, coalesce(sum(apologies), 0)::bigint as apologies,
    coalesce(sum(waiting), 0)::bigint as waiting, coalesce(sum(reappointed), 0)::bigint as reappointed
from (
    from form
    union all by name
    from due
    union all by name
    from waiting
    union all by name
    from reappointed
) as measures
group by all
order by source, agency_code, field_code
