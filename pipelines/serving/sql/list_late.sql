-- dossiers resolved late by a rule set, the latest in days first
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
    listed.effective_due,
    listed.effective_end,
    listed.working_days_overdue,
    listed.calendar_days_overdue,
    listed.reappointments,
    state_name(listed.state, $lang) as state,
    reason_sentence(listed.rule_set, listed.reason, $lang) as reason
from marts.mart_late_dossiers as listed
where
    listed.source = $source
    and is_of(listed.agency_code, $agency)
    and ($field is null or listed.field_code = $field)
    and listed.rule_set = $rule_set
order by listed.working_days_overdue desc, listed.effective_due, listed.dossier_code;
