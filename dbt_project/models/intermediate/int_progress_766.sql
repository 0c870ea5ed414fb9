-- grain: source, dossier_code, at: portal_766 at the close of a period of either scheme in which the dossier was received, at = that close.
-- Only where it can differ from the verdict at as_of. A dossier that had ended by the close, with no request or answer after it, has had
-- the verdict of int_verdicts ever since. The few others are evaluated by the same rules, once: what a moment of the past gives changes only
-- with new rows of the dossier. Incremental: rows of changed dossiers are taken out first (macros/history.sql), then missing ones are added.
{{
    config(
        materialized=carried_on(),
        incremental_strategy='append',
        pre_hook="{% if is_incremental() %}delete from {{ this }} where (source, dossier_code) in ({{ stale_dossiers() }}){% endif %}",
        on_schema_change='fail',
    )
}}

with closes as (
    select distinct
        scheme,
        month_start,
        closes_at
    from {{ ref('int_periods') }}
    where closes_at < {{ as_of() }}
),

first_closes as (
    select
        scheme,
        month_start,
        min(closes_at) as closes_at
    from closes
    group by scheme, month_start
),

received as (
    -- dossiers that moved after the first close of their month: the few
    {% for scheme in period_schemes() %}
    select
        facts.source,
        facts.dossier_code,
        facts.ended_at,
        facts.last_request_at,
        first_closes.scheme,
        first_closes.month_start
    from {{ ref('int_dossier_verdicts') }} as facts
    inner join first_closes
        on
            {{ month_start('cast(facts.received_at as date)', scheme) }} = first_closes.month_start
            and first_closes.scheme = '{{ scheme }}'
    where
        facts.portal_766_verdict is not null
        and {{ moved_after('first_closes.closes_at') }}
        {% if is_incremental() %}
        -- one that nothing moved since the last green build had ended by then, and moved after no later close
        and {{ is_built_now('facts') }}
        {% endif %}
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

moments as (
    -- periods of the two schemes never close at the same second
    select
        facts.source,
        facts.dossier_code,
        closes.closes_at as at
    from received as facts
    inner join closes on {{ have_same('facts', 'closes', ['scheme', 'month_start']) }}
    where
        {{ moved_after('closes.closes_at') }}
        {% if is_incremental() %}
        and not exists (
            select 1 from {{ this }} as present
            where
                {{ have_same('present', 'facts', ['source', 'dossier_code']) }}
                and present.at = closes.closes_at
        )
        {% endif %}
),

used as (
    {{ at_moments(ref('int_dossier_history'), 'moments') }}
    where {{ is_version_used('found') }}
),

asked as {{ read_in_place() }} (
    {{ with_content('used', ['at']) }}
),

known_events as {{ read_in_place() }} (
    {{ at_moments(ref('int_events'), 'moments') }}
    where {{ is_known('found.first_exported_at') }}
),

known_rounds as {{ read_in_place() }} (
    {{ at_moments(ref('int_supplement_rounds'), 'moments') }}
),

facts as (
    {{ dossier_facts('asked', 'known_events', 'known_rounds') }}
),

verdicts as (
    {{ verdict_portal_766('facts') }}
)

select
    source,
    dossier_code,
    verdicts.at,
    agency_code,
    received_at,
    state,
    verdict,
    effective_end,
    true as settled
from verdicts
