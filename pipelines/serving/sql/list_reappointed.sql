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
    agency_name(listed.agency_code) as agency_name,
    field_name_of(listed.field_code) as field_name,
    listed.procedure_code,
    listed.procedure_name,
    channel_name(listed.channel, $lang) as channel,
    listed.received_at,
    listed.promised_at,
    listed.due_at,
    listed.ended_at,
    listed.more_than_once,
    listed.working_days_overdue,
    verdict_name(listed.official_verdict, $lang) as official_verdict,
    verdict_name(listed.promise_verdict, $lang) as promise_verdict,
    state_name(listed.state, $lang) as state,
    reason_sentence(listed.rule_set, listed.reason, $lang) as reason
from listed
where
    listed.source = $source
    and is_of(listed.agency_code, $agency)
    and ($field is null or listed.field_code = $field)
order by listed.working_days_overdue desc, listed.promised_at, listed.dossier_code;
