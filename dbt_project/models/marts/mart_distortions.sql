-- grain: source, agency_code, distortion, month (calendar month of reception): signs in the data of what senders do to it (portal-exports §8). Detected,
-- never repaired. Signs of one dossier stand for themselves; signs of a habit count only when an agency shows them in nearly all of enough dossiers (vars
-- distortion_…), since one dossier submitted and received in the same second, or one without a due date, is nothing strange.

with known as {{ read_in_place() }} (
    select
        facts.source,
        facts.dossier_code,
        facts.agency_code,
        -- a one-stop system rightly holds what the portal holds; every other source is taken for an end point of the portal
        facts.source not in ('{{ ([local_system()] + var('distortion_one_stop_sources')) | join("', '") }}') as is_end_point,
        {{ month_start('cast(facts.received_at as date)', 'calendar') }} as month_start,
        facts.received_at,
        facts.due_at,
        facts.submitted_at,
        {{ told_minute('facts.finished_at') }} as finished_minute,
        facts.requests,
        facts.reopened,
        facts.due_moved_late,
        facts.channel = '2' as is_online,
        facts.vneid_verified,
        facts.submitted_via,
        facts.placeholder_id,
        coalesce(facts.sequence_digits in (5, 6), false) as is_synthetic,
        coalesce(facts.supplement_count, 0) as supplement_count,
        array_contains(facts.warnings, 'WRN_PROCEDURE_FORMAT') and not coalesce(facts.procedure_padded, false) as has_local_procedure,
        array_contains(facts.warnings, 'WRN_DAY_MONTH_SWAPPED') as has_swapped_dates,
        array_contains(facts.warnings, 'WRN_LEGACY_TEXT') as has_legacy_text
    from {{ ref('int_dossier_facts') }} as facts
    where facts.in_population
),

done_events as (
    select distinct
        source,
        dossier_code,
        event_at
    from {{ ref('int_events') }}
    where status = 9 and {{ is_known('first_exported_at') }}
),

habits as (
    select
        source,
        agency_code,
        max(is_end_point) as is_end_point,
        count(*) >= {{ var('distortion_habit_dossiers') }} as is_enough,
        sum(case when submitted_at = received_at then 1 else 0 end) >= {{ var('distortion_habit_share') }} * count(*) as submits_as_it_receives,
        max(supplement_count) = 0 as never_lists_supplements,
        max(due_at) is null as never_sets_due,
        -- senders who fill them in truthfully would distinguish dossiers sent online from those handed in at the desk
        min(is_online) <> max(is_online) as has_both_channels,
        count(vneid_verified) = count(*) and min(vneid_verified) = max(vneid_verified) as has_constant_vneid,
        count(submitted_via) = count(*) and min(submitted_via) = max(submitted_via) as has_constant_place
    from known
    group by source, agency_code
),

{{ crowded_minutes('known', 'finished_minute') }},

doubled as (
    -- without an agency equal codes may be two offices' own numbering
    select
        dossier_code,
        agency_code
    from known
    where
        is_end_point
        and agency_code <> 'unknown'
        and (select count(distinct habits.source) from habits where habits.is_end_point) > 1
    group by dossier_code, agency_code
    having count(*) > 1
),

signs as (
    {% set habit = 'habits.is_enough and ' %}
    {% set kinds = {
        'done_then_reopened': 'known.reopened',
        'done_event_at_reception': 'known.due_at is null and done_events.event_at is not null',
        'synthetic_code': 'known.is_synthetic',
        'placeholder_identity': 'known.placeholder_id',
        'submitted_equals_received': habit ~ 'habits.submits_as_it_receives and known.submitted_at = known.received_at',
        'constant_vneid': habit ~ 'habits.has_both_channels and habits.has_constant_vneid',
        'constant_submitted_via': habit ~ 'habits.has_both_channels and habits.has_constant_place',
        'supplements_always_empty': habit ~ 'habits.never_lists_supplements and known.requests > 0',
        'local_procedure_code': 'known.has_local_procedure',
        'due_always_empty': habit ~ 'habits.never_sets_due',
        'bulk_closing': 'crowded_minutes.crowded_minute is not null',
        'due_rewritten_after_passing': 'known.due_moved_late',
        'sent_by_two_end_points': 'known.is_end_point and doubled.dossier_code is not null',
        'day_month_swapped': 'known.has_swapped_dates',
        'legacy_text': 'known.has_legacy_text',
    } %}
    select
        known.source,
        known.agency_code,
        known.month_start,
        known.dossier_code,
        {{ sorted_set('cast(null as ' ~ text_list_type() ~ ')', names_that_hold(kinds)) }} as distortions
    from known
    inner join habits on {{ have_same('known', 'habits', ['source', 'agency_code']) }}
    left join done_events
        on
            {{ have_same('known', 'done_events', ['source', 'dossier_code']) }}
            and known.received_at = done_events.event_at
    left join crowded_minutes
        on
            {{ have_same('known', 'crowded_minutes', ['source', 'agency_code']) }}
            and known.finished_minute = crowded_minutes.crowded_minute
    left join doubled on {{ have_same('known', 'doubled', ['dossier_code', 'agency_code']) }}
    -- lists are made for the few that show a sign
    where
        {% for condition in kinds.values() %}
        ({{ condition }}){{ ' or' if not loop.last }}
        {% endfor %}
),

found as (
    select
        source,
        agency_code,
        month_start,
        dossier_code,
        {{ explode_list('distortions') }} as distortion
    from signs
),

numbered as (
    select
        *,
        row_number() over (partition by source, agency_code, distortion, month_start order by dossier_code) as place
    from found
),

months as (
    select
        source,
        agency_code,
        month_start,
        count(*) as dossiers
    from known
    group by source, agency_code, month_start
),

counted as (
    select
        source,
        agency_code,
        distortion,
        month_start,
        count(*) as dossiers,
        {{ collect_sorted('case when place <= 5 then dossier_code end') }} as examples
    from numbered
    group by source, agency_code, distortion, month_start
)

select
    counted.source,
    counted.agency_code,
    counted.distortion,
    {{ period_name('counted.month_start', 'month') }} as month,
    cast(counted.dossiers as bigint) as dossiers,
    {{ rate('counted.dossiers', 'months.dossiers') }} as share,
    counted.examples,
    {{ stamps() }}
from counted
inner join months on {{ have_same('counted', 'months', ['source', 'agency_code', 'month_start']) }}
order by source, agency_code, distortion, month
