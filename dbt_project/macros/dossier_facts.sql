{#- The facts of 02 §2, for any moment.

    dossier_facts(moments): a select over the relation or CTE `moments` (its name; source, dossier_code, at TIMESTAMP; unique), one row per moment of a
    dossier that has a version known at known_at. Events and requests after `at` do not count; the version is the one used at known_at.
    Columns: those of int_dossier_facts, and `at`. `settled`: the row does not change as `at` moves on (the verdicts may: they run to `at` while
    the dossier is pending). Outside the population state and moments are null, requests and paused_seconds 0.

    Write `at` with its relation (facts.at): some engines take the bare word for a keyword.

    Use:  with moments as (select source, dossier_code, … as at from …), facts as ({{ dossier_facts('moments') }}) select … from facts -#}
{% macro dossier_facts(moments) %}
    with asked as (
        select
            {{ moments }}.at,
            versions.*,
            versions.received_at <= {{ moments }}.at and versions.status <> 1 as counts
        from {{ moments }}
        inner join {{ ref('int_dossier_versions') }} as versions
            on
                {{ moments }}.source = versions.source
                and {{ moments }}.dossier_code = versions.dossier_code
        where {{ is_version_used('versions') }}
    ),

    milestones as (
        select
            {{ moments }}.source,
            {{ moments }}.dossier_code,
            {{ moments }}.at,
            max(events.event_at) as last_event_at,
            {% for status in [3, 7, 8, 9, 10] %}
            max(case when events.status = {{ status }} and events.event_at <= {{ moments }}.at then events.event_at end) as last_{{ status }}_at,
            {% endfor %}
            min(case when events.status = 6 and events.event_at <= {{ moments }}.at then events.event_at end) as first_6_at,
            -- the officer who had it last; steps without an officer are passed over
            max_by(
                events.officer_key,
                case when events.event_at <= {{ moments }}.at and events.officer_key is not null then events.event_no end
            ) as officer_key,
            -- all that are known, also those after the moment: what was told, not what had happened
            count(*) as events
        from {{ moments }}
        inner join {{ ref('int_events') }} as events
            on
                {{ moments }}.source = events.source
                and {{ moments }}.dossier_code = events.dossier_code
        where {{ is_known('events.first_exported_at') }}
        group by {{ moments }}.source, {{ moments }}.dossier_code, {{ moments }}.at
    ),

    requests as (
        select
            {{ moments }}.source,
            {{ moments }}.dossier_code,
            {{ moments }}.at,
            sum(case when rounds.requested_at <= {{ moments }}.at then 1 else 0 end) as requests,
            sum(
                case
                    when rounds.requested_at <= {{ moments }}.at and (rounds.answered_at is null or rounds.answered_at > {{ moments }}.at) then 1
                    else 0
                end
            ) as open_requests,
            min(rounds.requested_at) as first_requested_at,
            max(greatest(rounds.requested_at, coalesce(rounds.answered_at, rounds.requested_at))) as last_request_at
        from {{ moments }}
        inner join {{ ref('int_supplement_rounds') }} as rounds
            on
                {{ moments }}.source = rounds.source
                and {{ moments }}.dossier_code = rounds.dossier_code
        group by {{ moments }}.source, {{ moments }}.dossier_code, {{ moments }}.at
    ),

    gathered as (
        select
            asked.*,
            milestones.officer_key,
            cast(coalesce(milestones.events, 0) as integer) as events,
            case asked.status
                when 9 then coalesce(asked.finished_at, milestones.last_9_at, asked.returned_at, milestones.last_10_at, asked.status_since)
                when 10 then coalesce(asked.finished_at, milestones.last_9_at, asked.returned_at, milestones.last_10_at, asked.status_since)
                when 7 then coalesce(asked.finished_at, milestones.last_7_at, asked.status_since)
                when 8 then coalesce(asked.finished_at, milestones.last_8_at, asked.status_since)
                when 3 then coalesce(asked.refused_at, asked.finished_at, milestones.last_3_at, asked.status_since)
            end as end_as_told,
            case when asked.status = 10 then coalesce(asked.returned_at, milestones.last_10_at) end as hand_over_as_told,
            case when asked.status = 6 then coalesce(milestones.first_6_at, asked.status_since) end as fee_as_told,
            coalesce(requests.requests, 0) as told_requests,
            coalesce(requests.open_requests, 0) as told_open_requests,
            requests.first_requested_at,
            -- neither list nor events tell of a request, but the status does
            coalesce(asked.supplement_count, 0) = 0
            and coalesce(requests.requests, 0) = 0
            and asked.status = 5
            and asked.status_since <= asked.at as asked_by_status,
            {{ latest([
                'asked.received_at', 'asked.finished_at', 'asked.returned_at', 'asked.refused_at', 'asked.status_since',
                'milestones.last_event_at', 'requests.last_request_at',
            ]) }} as last_moment_at
        from asked
        left join milestones
            on
                asked.source = milestones.source
                and asked.dossier_code = milestones.dossier_code
                and asked.at = milestones.at
        left join requests
            on
                asked.source = requests.source
                and asked.dossier_code = requests.dossier_code
                and asked.at = requests.at
    ),

    dated as (
        select
            *,
            coalesce(counts, false) as in_population,
            -- never before the reception; greatest() passes nulls over, hence the first condition
            case
                when counts and end_as_told is not null and greatest(end_as_told, received_at) <= gathered.at
                    then greatest(end_as_told, received_at)
            end as ended_at,
            case when counts and hand_over_as_told between received_at and gathered.at then hand_over_as_told end as handed_over_at,
            case when counts and fee_as_told <= gathered.at then fee_as_told end as fee_demand_at,
            case when not coalesce(counts, false) then 0 when asked_by_status then 1 else told_requests end as requests,
            coalesce(counts and (asked_by_status or told_open_requests > 0), false) as request_open
        from gathered
    ),

    closed as (
        -- closed supplement time within [received_at, ended_at or at]; what an earlier round covers already is not counted again
        select
            dated.source,
            dated.dossier_code,
            dated.at,
            greatest(rounds.requested_at, dated.received_at) as paused_from,
            least(rounds.answered_at, coalesce(dated.ended_at, dated.at)) as paused_to
        from dated
        inner join {{ ref('int_supplement_rounds') }} as rounds
            on
                dated.source = rounds.source
                and dated.dossier_code = rounds.dossier_code
        where dated.in_population and rounds.requested_at <= dated.at and rounds.answered_at <= dated.at
    ),

    reached as (
        select
            *,
            max(paused_to) over (
                partition by closed.source, closed.dossier_code, closed.at
                order by paused_from, paused_to
                rows between unbounded preceding and 1 preceding
            ) as paused_until
        from closed
    ),

    pauses as (
        select
            reached.source,
            reached.dossier_code,
            reached.at,
            sum(
                greatest(
                    {{ seconds_between('case when paused_until > paused_from then paused_until else paused_from end', 'paused_to') }},
                    0
                )
            ) as paused_seconds
        from reached
        group by reached.source, reached.dossier_code, reached.at
    )

    select
        dated.source,
        dated.dossier_code,
        dated.at,
        coalesce(matches.agency_code, dated.agency_code) as agency_code,
        dated.procedure_code,
        dated.procedure_key,
        dated.procedure_name,
        coalesce(dated.field_code, 'unknown') as field_code,
        dated.field_name,
        dated.channel,
        dated.applicant_type,
        dated.applicant_key,
        dated.status,
        dated.submitted_at,
        dated.received_at,
        dated.due_at,
        dated.finished_at,
        dated.returned_at,
        dated.refused_at,
        dated.in_population,
        dated.ended_at,
        case
            when not dated.in_population then null
            when dated.ended_at is not null
                then case dated.status when 7 then 'withdrawn' when 8 then 'stopped' when 3 then 'refused' else 'finished' end
            when dated.request_open then 'waiting_supplement'
            when dated.fee_demand_at is not null then 'waiting_fee'
            else 'processing'
        end as state,
        cast(dated.requests as integer) as requests,
        dated.request_open,
        case
            when dated.requests = 1 and dated.request_open
                then case when dated.asked_by_status then dated.status_since else dated.first_requested_at end
        end as sole_open_request_at,
        cast(coalesce(pauses.paused_seconds, 0) as bigint) as paused_seconds,
        dated.fee_demand_at,
        dated.handed_over_at,
        dated.officer_key,
        limits.statutory_amount,
        limits.statutory_unit,
        dated.version_no as versions,
        dated.events,
        dated.valid_from,
        dated.warnings,
        dated.reopened,
        dated.due_moved,
        dated.due_moved_late,
        dated.has_digitised_parts,
        dated.submitted_files,
        dated.digitised_files,
        dated.reused_files,
        dated.result_documents,
        dated.electronic_results,
        dated.last_moment_at,
        dated.last_moment_at <= dated.at as settled,
        coalesce(calendars.calendar, 'VN') as calendar
    from dated
    left join pauses
        on
            dated.source = pauses.source
            and dated.dossier_code = pauses.dossier_code
            and dated.at = pauses.at
    left join {{ ref('int_statutory_limits') }} as limits
        on
            dated.source = limits.source
            and dated.procedure_key = limits.procedure_key
            and dated.channel = limits.channel
    left join {{ ref('int_agency_matches') }} as matches
        on
            case when dated.agency_code = 'unknown' then dated.agency_name end = matches.agency_name
            and cast(dated.received_at as date) = matches.received_on
    left join ({{ provincial_calendars() }}) as calendars
        on {{ agency_ancestor('coalesce(matches.agency_code, dated.agency_code)', 1) }} = calendars.calendar
{% endmacro %}

{#- The latest of several timestamps, nulls passed over; null when all are. Spelled out, since engines differ on greatest() of nulls. -#}
{% macro latest(moments) -%}
    nullif(greatest(
        {%- for moment in moments %}
        coalesce({{ moment }}, cast('1900-01-01' as timestamp)){{ ',' if not loop.last }}
        {%- endfor %}
    ), cast('1900-01-01' as timestamp))
{%- endmacro %}
