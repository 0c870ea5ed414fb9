-- grain: area_code, month (of reception): mart_system_reconciliation_monthly of the country and of each province, all agencies together.

{% set counts = ['dossiers', 'in_both', 'only_local', 'only_portal', 'identical'] %}
{% for name in compared_fields() %}{% do counts.append(name ~ '_differs') %}{% endfor %}
{% do counts.append('delayed') %}

with figures as (
    {{ area_sums('mart_system_reconciliation_monthly', ['month'], counts) }}
),

areas as (
    {{ in_areas(source('provinces', 'mart_system_reconciliation_monthly')) }}
),

longest as (
    select
        area_code,
        month,
        max(longest_delay_seconds) as longest_delay_seconds
    from areas
    group by area_code, month
)

select
    figures.area_code,
    figures.month,
    {{ copied('figures', counts) }},
    longest.longest_delay_seconds,
    {{ stamps() }}
from figures
inner join longest on {{ have_same('figures', 'longest', ['area_code', 'month']) }}
order by figures.area_code, figures.month
