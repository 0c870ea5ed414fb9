-- How dossiers were resolved in the months of the year before, up to the month a year before as_of, the whole of it.
select
    source, agency_code,
    sum(resolved_early)::bigint as early, sum(resolved_on_time)::bigint as on_time, sum(resolved_late)::bigint as late
from marts.rpt_form_ii06
where
    scheme = 'calendar' and len(period) = 7
    and period[5] = '-' and period[6] in ('0', '1')
    and period between strftime(as_of - interval 1 year, '%Y-01') and strftime(as_of - interval 1 year, '%Y-%m')
    and is_of(agency_code, $agency)
group by source, agency_code
order by source, agency_code
