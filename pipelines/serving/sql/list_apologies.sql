-- dossiers whose letter of apology is missing or must go now: overdue ones without a new appointment, then those whose last day for the letter has come
-- task: missed (overdue, no letter known), passed (the last day for the letter has passed), today (it is today)
with listed as (
    select
        source,
        dossier_code,
        rule_set,
        agency_code,
        procedure_code,
        procedure_name,
        field_code,
        channel,
        received_at,
        effective_due as due_at,
        state,
        reason,
        'missed' as task,
        working_days_overdue,
        null::date as apology_by
    from marts.mart_overdue_dossiers
    where apology_missed
    union all
    select
        source,
        dossier_code,
        rule_set,
        agency_code,
        procedure_code,
        procedure_name,
        field_code,
        channel,
        received_at,
        due_at,
        state,
        reason,
        case when apology_by < as_of::date then 'passed' else 'today' end as task,
        null as working_days_overdue,
        apology_by
    from marts.mart_due_soon
    where apology_due
)

select
    listed.dossier_code,
    listed.agency_code,
    agency_name(listed.agency_code) as agency_name,
    field_name_of(listed.field_code) as field_name,
    listed.procedure_code,
    listed.procedure_name,
    channel_name(listed.channel, $lang) as channel,
    listed.received_at,
    listed.due_at,
    listed.working_days_overdue,
    listed.apology_by,
    listed.task,
    state_name(listed.state, $lang) as state,
    reason_sentence(listed.rule_set, listed.reason, $lang) as reason
from listed
where
    listed.source = $source
    and is_of(listed.agency_code, $agency)
    and ($field is null or listed.field_code = $field)
    and listed.rule_set = $rule_set
order by listed.task <> 'missed', listed.working_days_overdue desc, listed.due_at, listed.dossier_code;
