-- grain: source, dossier_code, at: portal_766 at the close of a period of either scheme in which the dossier was received, at = that close.
-- Only where it can differ from the verdict at as_of. A dossier that had ended by the close, with no request or answer after it, has had
-- the verdict of int_verdicts ever since. The few others are evaluated by the same rules, once: what a moment of the past gives changes only
-- with new rows of the dossier. Incremental: rows of changed dossiers are taken out first (macros/history.sql), then missing ones are added.
{{
    config(
        materialized='incremental',
        incremental_strategy='append',
        pre_hook='{{ delete_stale() }}',
        on_schema_change='fail',
    )
}}

-- delete_stale() reads these
-- depends_on: {{ ref('stg_dossiers') }}, {{ ref('stg_events') }}, {{ ref('stg_procedures') }}, {{ ref('stg_agencies') }}, {{ ref('int_dossier_versions') }}
with periods as (
    select distinct
        scheme,
        month_start,
        closes_at
    from {{ ref('int_periods') }}
    where closes_at < {{ as_of() }}
),

last_requests as (
    select
        source,
        dossier_code,
        max({{ latest(['requested_at', 'answered_at']) }}) as last_request_at
    from {{ ref('int_supplement_requests') }}
    group by source, dossier_code
),

{% for scheme in period_schemes() %}
received_{{ scheme }} as (
    select
        facts.source,
        facts.dossier_code,
        facts.ended_at,
        periods.closes_at
    from {{ ref('int_dossier_facts') }} as facts
    inner join periods
        on
            {{ month_start('cast(facts.received_at as date)', scheme) }} = periods.month_start
            and periods.scheme = '{{ scheme }}'
    where facts.in_population
),

{% endfor %}
received as (
    {% for scheme in period_schemes() %}
    select * from received_{{ scheme }}
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

moments as (
    -- periods of the two schemes never close at the same second
    select
        facts.source,
        facts.dossier_code,
        facts.closes_at as at
    from received as facts
    left join last_requests
        on
            facts.source = last_requests.source
            and facts.dossier_code = last_requests.dossier_code
    where
        (facts.ended_at is null or facts.ended_at > facts.closes_at or last_requests.last_request_at > facts.closes_at)
        {% if is_incremental() %}
        and not exists (
            select 1 from {{ this }} as present
            where
                present.source = facts.source
                and present.dossier_code = facts.dossier_code
                and present.at = facts.closes_at
        )
        {% endif %}
),

facts as (
    {{ dossier_facts('moments') }}
),

verdicts as (
    {{ verdict_portal_766('facts') }}
)

select
    source,
    dossier_code,
    verdicts.at,
    state,
    verdict,
    effective_end,
    true as settled
from verdicts
