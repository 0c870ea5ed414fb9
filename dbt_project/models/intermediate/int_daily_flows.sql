-- grain: source, agency_code, field_code, channel, day: what changes on the day, in the sense of form_ii06 at as_of (timeliness §3, §6).
-- Every periodic figure is a sum or a running sum of these rows. overdue_delta: +1 on the first day at whose end a pending dossier is overdue,
-- -1 on the first day at whose end it no longer is (ended or paused); when a pause is over and the dossier still pending, +1 again.

with population as {{ read_in_place() }} (
    select
        source,
        dossier_code,
        agency_code,
        field_code,
        channel,
        verdict,
        cast(received_at as date) as received_on,
        -- stopped dossiers stay pending in this rule set
        case when state in ('finished', 'withdrawn') then cast(ended_at as date) end as ended_on,
        case when due_at is not null then greatest({{ add_days('cast(due_at as date)', 1) }}, cast(received_at as date)) end as overdue_on
    from {{ ref('int_verdicts') }}
    where rule_set = 'form_ii06'
),

overdue as {{ read_in_place() }} (
    -- the days from overdue_on up to, not including, ended_on: pending at their end and past the due date, paused or not
    select
        source,
        dossier_code,
        agency_code,
        field_code,
        channel,
        overdue_on,
        ended_on
    from population
    where overdue_on <= {{ as_of_date() }} and (ended_on is null or overdue_on < ended_on)
),

paused as (
    -- the part of them at whose end the dossier is paused; least() skips the null of an open end
    select
        overdue.source,
        overdue.agency_code,
        overdue.field_code,
        overdue.channel,
        greatest(cast(pauses.paused_from as date), overdue.overdue_on) as paused_on,
        least(cast(pauses.paused_to as date), overdue.ended_on) as resumed_on
    from overdue
    inner join {{ ref('int_pauses') }} as pauses on {{ have_same('overdue', 'pauses', ['source', 'dossier_code']) }}
),

flows as (
    {% set key = 'source, agency_code, field_code, channel' %}
    {# relation, day, condition, then the columns that are not 0 #}
    {% set movements = [
        ('population', 'received_on', 'true', {'received': 1, 'pending_delta': 1}),
        ('population', 'ended_on', 'ended_on is not null', {
            'resolved_early': "case when verdict = 'early' then 1 else 0 end",
            'resolved_on_time': "case when verdict = 'on_time' then 1 else 0 end",
            'resolved_late': "case when verdict = 'late' then 1 else 0 end",
            'pending_delta': -1,
        }),
        ('overdue', 'overdue_on', 'true', {'overdue_delta': 1}),
        ('overdue', 'ended_on', 'ended_on is not null', {'overdue_delta': -1}),
        ('paused', 'paused_on', '(resumed_on is null or paused_on < resumed_on)', {'overdue_delta': -1}),
        ('paused', 'resumed_on', 'paused_on < resumed_on', {'overdue_delta': 1}),
    ] %}
    {% for relation, day, condition, deltas in movements %}
    select
        {{ key }},
        {{ day }} as day,
        {% for measure in flow_measures() %}
        {{ deltas.get(measure, 0) }} as {{ measure }}{{ ',' if not loop.last }}
        {% endfor %}
    from {{ relation }}
    where {{ condition }}
    {% if not loop.last %}union all{% endif %}
    {% endfor %}
)

select
    {{ key }},
    day,
    {% for measure in flow_measures() %}
    cast(sum({{ measure }}) as bigint) as {{ measure }}{{ ',' if not loop.last }}
    {% endfor %}
from flows
group by {{ key }}, day
