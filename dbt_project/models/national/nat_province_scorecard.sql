-- grain: area_code, source: the scorecard (mart_agency_scorecard) of the country and of each province, all agencies together, computed from the verdicts of the
-- dossiers. rank: by the on-time rate of form_ii06 among the provinces of the source; the country has none.

with verdicts as (
    select
        province_code,
        source,
        rule_set,
        verdict,
        working_days_taken,
        count(*) as times
    from {{ source('provinces', 'fct_verdicts') }}
    group by province_code, source, rule_set, verdict, working_days_taken
),

areas as (
    {{ in_areas('verdicts') }}
),

counted as (
    select
        area_code,
        source,
        {% for rule_set in rule_sets() %}
        sum(case when rule_set = '{{ rule_set }}' and {{ is_resolved_in_time('verdict') }} then times else 0 end) as {{ rule_set }}_on_time,
        sum(case when rule_set = '{{ rule_set }}' and {{ is_resolved('verdict') }} then times else 0 end) as {{ rule_set }}_resolved,
        {% endfor %}
        sum(case when rule_set = 'form_ii06' then times else 0 end) as received,
        sum(case when rule_set = 'form_ii06' and verdict = 'overdue' then times else 0 end) as overdue
    from areas
    group by area_code, source
),

histogram as (
    select
        area_code,
        source,
        working_days_taken as value,
        sum(times) as times
    from areas
    where rule_set = 'form_ii06' and {{ is_resolved('verdict') }} and working_days_taken is not null
    group by area_code, source, working_days_taken
),

ranked as (
    {{ ranked_values('histogram', ['area_code', 'source']) }}
),

taken as (
    select
        area_code,
        source,
        {{ rate('sum(value * times)', 'sum(times)') }} as avg_working_days_taken,
        {{ percentile(0.5) }} as median_working_days_taken
    from ranked
    group by area_code, source
),

rated as (
    select
        *,
        {% for rule_set in rule_sets() %}
        {{ rate(rule_set ~ '_on_time', rule_set ~ '_resolved') }} as on_time_rate_{{ rule_set }},
        {% endfor %}
        area_code = {{ country() }} as is_country
    from counted
)

select
    rated.area_code,
    rated.source,
    cast(rated.received as bigint) as received,
    cast(rated.form_ii06_resolved as bigint) as resolved,
    {% for rule_set in rule_sets() %}
    rated.on_time_rate_{{ rule_set }},
    {% endfor %}
    cast(rated.overdue as bigint) as overdue,
    taken.avg_working_days_taken,
    taken.median_working_days_taken,
    case when not rated.is_country then {{ on_time_rank('rated.source, rated.is_country') }} end as rank_among_provinces,
    {{ stamps() }}
from rated
left join taken on {{ have_same('rated', 'taken', ['area_code', 'source']) }}
order by rated.area_code, rated.source
