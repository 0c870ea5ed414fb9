-- Resolved in time and late by month of reception and rule set, by their verdict at as_of; the last thirteen months.
select source, month, rule_set, sum(early + on_time)::bigint as good, sum(late)::bigint as late
from marts.mart_timeliness_rule_sets
where
    scheme = 'calendar' and month between strftime(as_of - interval 12 month, '%Y-%m') and strftime(as_of, '%Y-%m')
    and is_of(agency_code, $agency)
group by source, month, rule_set
order by source, month, rule_set
