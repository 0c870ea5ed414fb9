-- Index 766 of the year of as_of, of the highest agency that each source tells of: timeliness, then every other
-- indicator. can_tell: exports can tell it.
with heads as (
    select source, agency_code
    from marts.mart_progress_766
    where period = strftime(as_of, '%Y') and is_of(agency_code, $agency)
    qualify row_number() over (partition by source order by level nulls last, total_received desc, agency_code) = 1
),

found as (
    select
        source, agency_code, 'timeliness' as indicator, 0 as position, null as name_vi, null as name_en,
        total_on_time as numerator, total_received as denominator, ratio, score, 20.0 as max_score,
        false as is_upper_bound, true as can_tell
    from marts.mart_progress_766
    where period = strftime(as_of, '%Y')
    union all by name
    select
        source, agency_code, indicator, position, name_vi, name_en, numerator, denominator, ratio, score,
        progress.max_score, progress.is_upper_bound, can_tell
    from marts.mart_progress_766_groups as progress
    left join (
        select indicator, position, name_vi, name_en, can_tell from marts.dim_indicator_766
    ) as indicators using (indicator)
    where period = strftime(as_of, '%Y')
)

select found.* from found inner join heads using (source, agency_code) order by source, position, indicator
