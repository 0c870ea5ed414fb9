-- agencies that form II.06 of a source and period is published for, with their level and what they received in all
select
    agency_code,
    level,
    sum(received_total)::bigint as received_total
from marts.rpt_form_ii06_levels
where
    source = $source
    and scheme = $scheme
    and period = $period
    and is_of(agency_code, $agency)
group by agency_code, level
order by level, agency_code;
