-- registrations that nobody has accepted or refused, the longest waiting first; those whose submission is not known come last
select
    listed.dossier_code,
    listed.agency_code,
    agency_name(listed.agency_code) as agency_name,
    listed.procedure_code,
    listed.procedure_name,
    channel_name(listed.channel, $lang) as channel,
    listed.submitted_at,
    listed.working_hours_waited,
    listed.over_8_hours
from marts.mart_waiting_acceptance as listed
where
    listed.source = $source
    and is_of(listed.agency_code, $agency)
order by listed.working_hours_waited desc nulls last, listed.submitted_at, listed.dossier_code;
