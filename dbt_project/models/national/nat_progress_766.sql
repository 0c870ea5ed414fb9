-- grain: area_code, source, scheme, period: the timeliness index of Decision 766 of the country and of each province, from the counts of mart_progress_766 and
-- mart_progress_766_reporting. Mean processing days are not here: provinces publish them rounded, and a mean of means would be none.

{% set counts = ['total_received', 'total_on_time', 'total_overdue', 'total_completed'] %}
{% set keys = ['source', 'period', 'period_from', 'period_to'] %}

with figures as (
    -- a province's code includes what lies below it; dossiers without an agency stand beside it
    {% for scheme, mart in {'calendar': 'mart_progress_766', 'reporting': 'mart_progress_766_reporting'}.items() %}
    select
        '{{ scheme }}' as scheme,
        *
    from (
        {{ area_sums(mart, keys, counts, 'level <= 1') }}
    ) as {{ scheme }}_figures
    {{ 'union all' if not loop.last }}
    {% endfor %}
)

select
    area_code,
    source,
    scheme,
    period,
    period_from,
    period_to,
    {{ counts | join(', ') }},
    {{ rounded_ratio('(100 * total_on_time)', 'total_received') }} as ratio,
    {{ rounded_ratio('(20 * total_on_time)', 'total_received') }} as score,
    {{ stamps() }}
from figures
order by area_code, source, scheme, period_from, period_to
