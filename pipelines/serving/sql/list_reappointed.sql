-- dossiers whose due date was moved to a later day without papers from the citizen (WRN_REAPPOINTED), those most overdue by the first promise first
-- promised_at: the day first promised, moved only by papers that were supplied (rule set first_appointment)
select
    dossiers.*,
    promise.effective_due as promised_at,
    promise.working_days_overdue,
    verdict_name(promise.verdict, $lang) as promise_verdict,
    verdict_name(official.verdict, $lang) as official_verdict,
    official.rule_set,
    official.reason,
    list_contains(dossiers.flags, 'WRN_REAPPOINTED_TWICE') as more_than_once,
    row(-promise.working_days_overdue, promise.effective_due, dossiers.dossier_code) as place
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
