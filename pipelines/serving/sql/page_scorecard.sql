-- Every agency: received, resolved, rates by rule set, overdue, average, rank in its level.
select * exclude (as_of, known_at, definitions_version)
from marts.mart_agency_scorecard
where is_of(agency_code, $agency)
order by source, level nulls last, agency_code
