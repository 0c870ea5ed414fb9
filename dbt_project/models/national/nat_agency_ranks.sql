-- grain: province_code, source, agency_code: the place of an agency among those of all provinces with as many groups in their code and of the same kind, by the
-- on-time rate of form_ii06; ties share a place. Dossiers without an agency have no place.

select
    province_code,
    source,
    agency_code,
    level,
    level_name,
    received,
    resolved,
    on_time_rate_form_ii06,
    rank_in_level as rank_in_province,
    {{ on_time_rank('source, level, level_name') }} as rank_in_country,
    cast(count(*) over (partition by source, level, level_name) as integer) as agencies_in_level,
    {{ stamps() }}
from {{ source('provinces', 'mart_agency_scorecard') }}
where agency_code <> 'unknown'
order by source, level, level_name, rank_in_country, province_code, agency_code
