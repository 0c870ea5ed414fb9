{#- The facts of timeliness §2, for any moment.

    dossier_facts(asked, events, rounds): a select over three relations or CTEs (their names), one row per row of `asked`:
      asked    rows of int_dossier_versions, the version used at known_at, and `at`, the moment (TIMESTAMP); unique by source, dossier_code, at
      events   rows of int_events known at known_at, and `at`, one for each moment of `asked`
      rounds   rows of int_supplement_rounds, and `at`, likewise
    Rows of `asked` are wide and may be many: they are read once and never held, so everything that needs several rows is done on the other two first.
    Events and requests after `at` do not count.
    Columns: those of int_dossier_facts, and `at`. `settled`: the row does not change as `at` moves on (the verdicts may: they run to `at` while
    the dossier is pending). Outside the population state and moments are null, requests and paused_seconds 0.

    Write `at` with its relation (facts.at): some engines take the bare word for a keyword.

    Use:  with asked as (select versions.*, … as at from …), …, facts as ({{ dossier_facts('asked', 'events', 'rounds') }}) select … from facts -#}
{% macro dossier_facts(asked, events, rounds) %}
    with milestones as (
        select
            events.source,
            events.dossier_code,
            events.at,
            max(events.event_at) as last_event_at,
            {% for status in [3, 7, 8, 9, 10] %}
            max(case when events.status = {{ status }} and events.event_at <= events.at then events.event_at end) as last_{{ status }}_at,
            {% endfor %}
            min(case when events.status = 6 and events.event_at <= events.at then events.event_at end) as first_6_at,
            max(case when events.status = 10 then 1 end) as has_10,
            -- the officer who had it last; steps without an officer are passed over
            max_by(
                events.officer_key,
                case when events.event_at <= events.at and events.officer_key is not null then events.event_no end
            ) as officer_key,
            -- all that are known, also those after the moment: what was reported, not what had happened
            count(*) as events
        from {{ events }} as events
        group by events.source, events.dossier_code, events.at
    ),

    reached as (
        -- the answer up to which earlier closed rounds reach: what they cover already is not counted again
        select
            rounds.*,
            rounds.requested_at <= rounds.at and rounds.answered_at <= rounds.at as is_closed,
            max(case when rounds.requested_at <= rounds.at and rounds.answered_at <= rounds.at then rounds.answered_at end) over (
                partition by rounds.source, rounds.dossier_code, rounds.at
                order by rounds.requested_at, rounds.answered_at
                rows between unbounded preceding and 1 preceding
            ) as answered_until
        from {{ rounds }} as rounds
    ),

    requests as (
        select
            reached.source,
            reached.dossier_code,
            reached.at,
            sum(case when requested_at <= reached.at then 1 else 0 end) as requests,
            sum(case when requested_at <= reached.at and (answered_at is null or answered_at > reached.at) then 1 else 0 end) as open_requests,
            min(requested_at) as first_requested_at,
            max(greatest(requested_at, coalesce(answered_at, requested_at))) as last_reported_at,
            -- the latest request or answer up to the moment
            max(
                case when requested_at <= reached.at then case when answered_at between requested_at and reached.at then answered_at else requested_at end end
            ) as last_request_at,
            {{ collect_spans('case when answered_until > requested_at then answered_until else requested_at end', 'answered_at', 'is_closed') }} as pauses
        from reached
        group by reached.source, reached.dossier_code, reached.at
    ),

    reported as (
        select
            asked.*,
            asked.received_at <= asked.at and asked.status <> 1 as counts,
            milestones.officer_key,
            cast(coalesce(milestones.events, 0) as integer) as events,
            case asked.status
                when 9 then coalesce(asked.finished_at, milestones.last_9_at, asked.returned_at, milestones.last_10_at, asked.status_since)
                when 10 then coalesce(asked.finished_at, milestones.last_9_at, asked.returned_at, milestones.last_10_at, asked.status_since)
                when 7 then coalesce(asked.finished_at, milestones.last_7_at, asked.status_since)
                when 8 then coalesce(asked.finished_at, milestones.last_8_at, asked.status_since)
                when 3 then coalesce(asked.refused_at, asked.finished_at, milestones.last_3_at, asked.status_since)
            end as end_as_reported,
            case when asked.status = 10 then coalesce(asked.returned_at, milestones.last_10_at) end as hand_over_as_reported,
            asked.status = 10 and asked.returned_at is null and milestones.has_10 is null as is_handover_unknown,
            case when asked.status = 6 then coalesce(milestones.first_6_at, asked.status_since) end as fee_as_reported,
            coalesce(requests.requests, 0) as reported_requests,
            coalesce(requests.open_requests, 0) as reported_open_requests,
            requests.first_requested_at,
            requests.pauses,
            requests.last_request_at,
            -- neither list nor events hold a request, but the status does
            coalesce(asked.supplement_count, 0) = 0
            and coalesce(requests.requests, 0) = 0
            and asked.status = 5
            and asked.status_since <= asked.at as asked_by_status,
            {{ latest([
                'asked.received_at', 'asked.finished_at', 'asked.returned_at', 'asked.refused_at', 'asked.status_since',
                'milestones.last_event_at', 'requests.last_reported_at',
            ]) }} as last_moment_at
        from {{ asked }} as asked
        left join milestones on {{ have_same('asked', 'milestones', ['source', 'dossier_code', 'at']) }}
        left join requests on {{ have_same('asked', 'requests', ['source', 'dossier_code', 'at']) }}
    ),

    dated as (
        select
            *,
            coalesce(counts, false) as in_population,
            -- never before the reception; greatest() passes nulls over, hence the first condition
            case
                when counts and end_as_reported is not null and greatest(end_as_reported, received_at) <= reported.at
                    then greatest(end_as_reported, received_at)
            end as ended_at,
            case when counts and hand_over_as_reported between received_at and reported.at then hand_over_as_reported end as handed_over_at,
            case when counts and fee_as_reported <= reported.at then fee_as_reported end as fee_demand_at,
            case when not coalesce(counts, false) then 0 when asked_by_status then 1 else reported_requests end as requests,
            coalesce(counts and (asked_by_status or reported_open_requests > 0), false) as request_open
        from reported
    )

    select
        dated.source,
        dated.dossier_code,
        dated.at,
        coalesce(matches.agency_code, dated.agency_code) as agency_code,
        -- a field that is known by its name only (portal-exports §9): the catalogue's code for it, else the name stands for it
        coalesce(dated.field_code, fields.field_code, nullif({{ fold('dated.field_name') }}, ''), 'unknown') as field_code,
        {{ copied('dated', dossier_published() | reject('in', ['agency_code', 'field_code']) | list) }},
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
        case
            when dated.requests > 0 then case when dated.asked_by_status then dated.status_since else dated.first_requested_at end
        end as first_request_at,
        -- closed supplement time within [received_at, ended_at or at]
        case
            when dated.in_population then {{ seconds_within('dated.pauses', 'dated.received_at', 'coalesce(dated.ended_at, dated.at)') }}
            else 0
        end as paused_seconds,
        dated.last_request_at,
        dated.fee_demand_at,
        dated.handed_over_at,
        dated.is_handover_unknown,
        dated.officer_key,
        limits.statutory_amount,
        limits.statutory_unit,
        dated.version_no as versions,
        dated.events,
        {{ copied('dated', further_facts()) }},
        dated.last_moment_at <= dated.at as settled,
        coalesce(calendars.calendar, 'VN') as calendar
    from dated
    left join {{ ref('int_statutory_limits') }} as limits on {{ have_same('dated', 'limits', ['source', 'procedure_key', 'channel']) }}
    left join {{ ref('int_agency_matches') }} as matches
        on
            case when dated.agency_code = 'unknown' then dated.agency_name end = matches.agency_name
            and cast(dated.received_at as date) = matches.received_on
    left join {{ ref('int_field_matches') }} as fields
        on case when dated.field_code is null then {{ fold('dated.field_name') }} end = fields.folded_name
    left join ({{ provincial_calendars() }}) as calendars
        on {{ agency_ancestor('coalesce(matches.agency_code, dated.agency_code)', 1) }} = calendars.calendar
{% endmacro %}

{#- Columns of the facts that are handed on as they are. -#}
{% macro further_facts() %}{{ return([
    'valid_from', 'warnings', 'reopened', 'due_moved', 'due_moved_late', 'online_payment', 'fee_count', 'fee_total', 'sequence_digits',
    'procedure_padded', 'submitted_via', 'vneid_verified', 'placeholder_id', 'supplement_count', 'last_moment_at',
]) }}{% endmacro %}

{#- The latest of several timestamps, nulls passed over; null when all are. Spelled out, since engines differ on greatest() of nulls. -#}
{% macro latest(moments) -%}
    nullif(greatest(
        {%- for moment in moments %}
        coalesce({{ moment }}, cast('1900-01-01' as timestamp)){{ ',' if not loop.last }}
        {%- endfor %}
    ), cast('1900-01-01' as timestamp))
{%- endmacro %}
