-- grain: source, dossier_code: the facts of timeliness §2 at as_of, for every dossier with a version known at known_at.
-- Incremental: changed dossiers and those that are not settled are computed again (macros/history.sql). Rows of an agency lie side by side.
{{
    config(
        materialized=carried_on(),
        incremental_strategy='delete+insert',
        unique_key=['source', 'dossier_code'],
        on_schema_change='fail',
    )
}}

with
{% if is_incremental() %}
stale as (
    {{ stale_or_moving_dossiers() }}
    union
    -- a new catalogue says another maximum of a procedure: it is shown of every dossier, validated by it or not
    select
        stored.source,
        stored.dossier_code
    from {{ this }} as stored
    left join {{ ref('int_statutory_limits') }} as limits on {{ have_same('stored', 'limits', ['source', 'procedure_key', 'channel']) }}
    where
        exists (select 1 from {{ source('validated', 'procedures') }} where validation_seq > {{ changed_since() }})
        and (
            stored.statutory_amount is distinct from limits.statutory_amount
            or stored.statutory_unit is distinct from limits.statutory_unit
        )
),

{% endif %}
used as {{ read_in_place() }} (
    select
        versions.*,
        {{ as_of() }} as at
    from {{ ref('int_dossier_history') }} as versions
    where
        {{ is_version_used('versions') }}
        {% if is_incremental() %}
        and (versions.source, versions.dossier_code) in (select stale.source, stale.dossier_code from stale)
        {% endif %}
),

asked as {{ read_in_place() }} (
    {{ with_content('used', ['at']) }}
),

known_events as {{ read_in_place() }} (
    select
        events.*,
        {{ as_of() }} as at
    from {{ ref('int_events') }} as events
    where
        {{ is_known('events.first_exported_at') }}
        {% if is_incremental() %}
        and (events.source, events.dossier_code) in (select stale.source, stale.dossier_code from stale)
        {% endif %}
),

known_rounds as {{ read_in_place() }} (
    select
        rounds.*,
        {{ as_of() }} as at
    from {{ ref('int_supplement_rounds') }} as rounds
    {% if is_incremental() %}
    where (rounds.source, rounds.dossier_code) in (select stale.source, stale.dossier_code from stale)
    {% endif %}
),

facts as (
    {{ dossier_facts('asked', 'known_events', 'known_rounds') }}
)

select
    facts.source,
    facts.dossier_code,
    {{ copied('facts', dossier_published()) }},
    in_population,
    ended_at,
    state,
    requests,
    request_open,
    sole_open_request_at,
    first_request_at,
    cast(greatest(asked_on.working_day_number - received_on.working_day_number, 0) as integer) as working_days_to_first_request,
    paused_seconds,
    last_request_at,
    fee_demand_at,
    handed_over_at,
    is_handover_unknown,
    case when promises.source is null then facts.due_at else promises.promised_at end as promised_at,
    coalesce(promises.reappointments, 0) as reappointments,
    officer_key,
    statutory_amount,
    statutory_unit,
    versions,
    events,
    {{ copied('facts', further_facts()) }},
    settled,
    facts.calendar,
    {{ build_id() }} as built_by
from facts
left join {{ ref('int_promises') }} as promises on facts.source = promises.source and facts.dossier_code = promises.dossier_code
{{ join_calendar('received_on', 'facts.calendar', 'case when facts.first_request_at is not null then cast(facts.received_at as date) end') }}
{{ join_calendar('asked_on', 'facts.calendar', 'cast(facts.first_request_at as date)') }}
order by {{ lookup_order('facts.dossier_code') }}
