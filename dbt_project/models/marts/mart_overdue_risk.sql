-- grain: source, dossier_code: dossiers in time (form_ii06) and in processing that have used three quarters or more of their time, and how many of the
-- comparable dossiers that were still open at that share of their time became late: counted, never a model's opinion (timeliness §6; how well it tells:
-- docs/reference/overdue-risk.md).
-- Comparable: of the same procedure and agency, else the same procedure, else all of the source, whichever first has enough (var overdue_risk_dossiers). They
-- count once their due date has passed, when all of them have shown whether they are late; counted earlier, those that end soon would make the rest look
-- better.

{% set least_percent, enough = var('overdue_risk_used'), var('overdue_risk_dossiers') %}
{# the comparable dossiers of each level: the columns that must agree besides the source #}
{% set levels = {'procedure_agency': ['procedure_code', 'agency_code'], 'procedure': ['procedure_code'], 'all': []} %}

with promised as (
    select
        source,
        dossier_code,
        agency_code,
        procedure_code,
        procedure_name,
        field_code,
        channel,
        received_at,
        due_at,
        state,
        form_ii06_verdict as verdict,
        {{ seconds_between('received_at', 'coalesce(ended_at, ' ~ as_of() ~ ')') }} as used_seconds,
        {{ seconds_between('received_at', 'due_at') }} as promised_seconds
    from {{ ref('int_dossier_verdicts') }}
    where due_at > received_at and form_ii06_verdict is not null
),

used as (
    select
        *,
        cast(used_seconds as double) / promised_seconds as time_used_share,
        cast(least(floor(cast(100 * used_seconds as double) / promised_seconds), 100) as integer) as used_percent
    from promised
    where 100 * used_seconds >= {{ least_percent }} * promised_seconds
),

open_dossiers as (
    select *
    from used
    where verdict = 'in_time' and state = 'processing'
),

known_outcomes as (
    select
        source,
        procedure_code,
        agency_code,
        used_percent,
        count(*) as dossiers,
        sum(case when {{ is_bad('verdict') }} then 1 else 0 end) as late
    from used
    where cast(due_at as date) < {{ as_of_date() }} and verdict in ('early', 'on_time', 'late', 'overdue')
    group by source, procedure_code, agency_code, used_percent
),

{% for level, columns in levels.items() %}
{% set key = (['source'] + columns) | join(', ') %}
asked_{{ level }} as (
    select distinct
        {{ key }},
        used_percent
    from open_dossiers
),

past_{{ level }} as (
    select
        {{ key }},
        used_percent,
        sum(dossiers) as dossiers,
        sum(late) as late
    from known_outcomes
    group by {{ key }}, used_percent
),

found_{{ level }} as (
    -- still open at that share: they used as much or more
    select
        {{ copied('asked', ['source'] + columns) }},
        asked.used_percent,
        sum(past.dossiers) as dossiers,
        sum(past.late) as late
    from asked_{{ level }} as asked
    inner join past_{{ level }} as past
        on
            asked.used_percent <= past.used_percent
            and {{ have_same('asked', 'past', ['source'] + columns) }}
    group by {% for column in ['source'] + columns %}asked.{{ column }}, {% endfor %}asked.used_percent
),

{% endfor %}
compared as (
    select
        open_dossiers.*,
        case
            {% for level in levels %}
            when found_{{ level }}.dossiers >= {{ enough }} then '{{ level }}'
            {% endfor %}
        end as compared_with,
        {% for column, name in {'dossiers': 'comparable_dossiers', 'late': 'late_dossiers'}.items() %}
        case
            {% for level in levels %}
            when found_{{ level }}.dossiers >= {{ enough }} then found_{{ level }}.{{ column }}
            {% endfor %}
        end as {{ name }}{{ ',' if not loop.last }}
        {% endfor %}
    from open_dossiers
    {% for level, columns in levels.items() %}
    left join found_{{ level }} on {{ have_same('open_dossiers', 'found_' ~ level, ['used_percent', 'source'] + columns) }}
    {% endfor %}
)

select
    source,
    dossier_code,
    agency_code,
    procedure_code,
    procedure_name,
    field_code,
    channel,
    received_at,
    due_at,
    time_used_share,
    compared_with,
    cast(comparable_dossiers as bigint) as comparable_dossiers,
    cast(late_dossiers as bigint) as late_dossiers,
    {{ rate('late_dossiers', 'comparable_dossiers') }} as late_share,
    {{ stamps() }}
from compared
order by source, agency_code, late_share desc nulls last, dossier_code
