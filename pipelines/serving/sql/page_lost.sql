-- Dossiers of the months of the year of as_of that cost points of index 766, and why.
select
    source, indicator, sentence_vi, sentence_en, count(*) as dossiers, count(distinct agency_code) as agencies
from marts.mart_lost_points_766
where starts_with(period, strftime(as_of, '%Y')) and is_of(agency_code, $agency)
group by source, indicator, sentence_vi, sentence_en
order by source, dossiers desc, indicator, sentence_vi
