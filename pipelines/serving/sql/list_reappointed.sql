-- dossiers whose due date was moved to a later day without papers from the citizen (WRN_REAPPOINTED), those most overdue by the first promise first
-- promised_at: the day first promised, moved only by papers that were supplied (rule set first_appointment)
with listed as (
    select
        dossiers.*,
        promise.effective_due as promised_at,
        promise.working_days_overdue,
        promise.verdict as promise_verdict,
        official.verdict as official_verdict,
        official.rule_set,
        official.reason,
        list_contains(dossiers.flags, 'WRN_REAPPOINTED_TWICE') as more_than_once
    from marts.fct_dossiers as dossiers
    inner join marts.fct_verdicts as promise
        on
            dossiers.source = promise.source
            and dossiers.dossier_code = promise.dossier_code
            and promise.rule_set = 'first_appointment'
    inner join marts.fct_verdicts as official
        on
            dossiers.source = official.source
            and dossiers.dossier_code = official.dossier_code
            and official.rule_set = $rule_set
    where list_contains(dossiers.flags, 'WRN_REAPPOINTED')
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
    listed.promised_at,
    listed.due_at,
    listed.ended_at,
    listed.more_than_once,
    listed.working_days_overdue,
    case when $lang = 'en' then officially.name_en else officially.name_vi end as official_verdict,
    case when $lang = 'en' then promised.name_en else promised.name_vi end as promise_verdict,
    case when $lang = 'en' then states.name_en else states.name_vi end as state,
    case when $lang = 'en' then reasons.sentence_en else reasons.sentence_vi end as reason
from listed
left join marts.dim_agency as agencies on listed.agency_code = agencies.agency_code and agencies.is_latest
left join marts.dim_field as fields on listed.field_code = fields.field_code
left join marts.dim_channel as channels on listed.channel = channels.channel
left join marts.dim_state as states on listed.state = states.state
left join marts.dim_reason as reasons on listed.rule_set = reasons.rule_set and listed.reason = reasons.reason
left join marts.dim_verdict as officially on listed.official_verdict = officially.verdict
left join marts.dim_verdict as promised on listed.promise_verdict = promised.verdict
where
    listed.source = $source
    and ($agency is null or listed.agency_code = $agency or starts_with(listed.agency_code, $agency || '.'))
    and ($field is null or listed.field_code = $field)
order by listed.working_days_overdue desc, listed.promised_at, listed.dossier_code;
