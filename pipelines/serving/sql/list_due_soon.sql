-- dossiers in time that fall due within seven working days, the nearest due date first
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
    listed.working_days_left,
    listed.apology_by,
    listed.apology_due,
    case when $lang = 'en' then states.name_en else states.name_vi end as state,
    case when $lang = 'en' then reasons.sentence_en else reasons.sentence_vi end as reason
from marts.mart_due_soon as listed
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
order by listed.due_at, listed.dossier_code;
