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
    agencies.name as agency_name,
    fields.field_name,
    listed.procedure_code,
    listed.procedure_name,
    case when $lang = 'en' then channels.name_en else channels.name_vi end as channel,
    listed.received_at,
    listed.due_at,
    listed.working_days_overdue,
    listed.apology_by,
    listed.task,
    case when $lang = 'en' then states.name_en else states.name_vi end as state,
    case when $lang = 'en' then reasons.sentence_en else reasons.sentence_vi end as reason
from listed
left join marts.dim_agency as agencies on listed.agency_code = agencies.agency_code and agencies.is_latest
left join marts.dim_field as fields on listed.field_code = fields.field_code
left join marts.dim_channel as channels on listed.channel = channels.channel
left join marts.dim_state as states on listed.state = states.state
left join marts.dim_reason as reasons on listed.rule_set = reasons.rule_set and listed.reason = reasons.reason
where
    listed.source = $source
    and ($agency is null or listed.agency_code = $agency or starts_with(listed.agency_code, $agency || '.'))
    and ($field is null or listed.field_code = $field)
    and listed.rule_set = $rule_set
order by listed.task <> 'missed', listed.working_days_overdue desc, listed.due_at, listed.dossier_code;
