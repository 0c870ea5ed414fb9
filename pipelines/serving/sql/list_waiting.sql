-- registrations that nobody has accepted or refused, the longest waiting first; those whose submission is not known come last
select
    listed.dossier_code,
    listed.agency_code,
    agencies.name as agency_name,
    listed.procedure_code,
    listed.procedure_name,
    case when $lang = 'en' then channels.name_en else channels.name_vi end as channel,
    listed.submitted_at,
    listed.working_hours_waited,
    listed.over_8_hours
from marts.mart_waiting_acceptance as listed
left join marts.dim_agency as agencies on listed.agency_code = agencies.agency_code and agencies.is_latest
left join marts.dim_channel as channels on listed.channel = channels.channel
where
    listed.source = $source
    and ($agency is null or listed.agency_code = $agency or starts_with(listed.agency_code, $agency || '.'))
order by listed.working_hours_waited desc nulls last, listed.submitted_at, listed.dossier_code;
