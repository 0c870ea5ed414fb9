-- The facts of timeliness §2 at as_of, and the first promise (§3).

-- supplement requests of the version used, by its list
create temp table rounds as
select
    history.source,
    history.dossier_code,
    landed.received_at,
    unnest(landed.supplements) as entry,
    unnest(range(len(landed.supplements))) as place
from history
inner join landed on history.row_id = landed.rowid
where history.valid_to is null and len(landed.supplements) > 0;

create temp table requests as
with counting as (
    select
        source,
        dossier_code,
        entry.requested_at as requested_at,
        entry.answered_at as answered_at,
        coalesce(entry.answered_at <= getvariable('as_of'), false) as is_closed,
        max(entry.answered_at) filter (where entry.answered_at <= getvariable('as_of')) over (
            partition by source, dossier_code
            order by entry.requested_at, entry.answered_at
            rows between unbounded preceding and 1 preceding
        ) as answered_until
    from rounds
    where entry.requested_at >= received_at and entry.requested_at <= getvariable('as_of')
)

select
    source,
    dossier_code,
    count(*)::integer as requests,
    count(*) filter (where not is_closed) as open_requests,
    min(requested_at) as first_requested_at,
    list({'since': greatest(requested_at, answered_until), 'until': answered_at}) filter (where is_closed) as pauses
from counting
group by source, dossier_code;

-- the first promise of dossiers whose due date may have moved
create temp table promises as
with told as (
    select
        history.source,
        history.dossier_code,
        history.version_no,
        history.valid_from,
        landed.due_at,
        lag(history.valid_from) over of_dossier as valid_from_before
    from history
    inner join landed on history.row_id = landed.rowid
    where
        (history.source, history.dossier_code) in (
            select (again.source, again.dossier_code) from history as again where again.version_no > 1
            union
            select (source, dossier_code) from rounds where entry.due_before is not null
        )
    window of_dossier as (partition by history.source, history.dossier_code order by history.version_no)
),

first_rounds as (
    select
        source,
        dossier_code,
        arg_min(coalesce(entry.due_before, timestamp '9999-12-31'), (entry.requested_at, place)) as due_before
    from rounds
    where entry.requested_at is not null
    group by source, dossier_code
),

appointed as (
    select
        told.*,
        coalesce(
            lag(told.due_at) over (partition by told.source, told.dossier_code order by told.version_no),
            least(told.due_at, first_rounds.due_before)
        ) as due_before
    from told
    left join first_rounds on told.source = first_rounds.source and told.dossier_code = first_rounds.dossier_code
    where told.due_at is not null
),

justified as (
    select distinct
        appointed.source,
        appointed.dossier_code,
        appointed.version_no
    from appointed
    inner join rounds on appointed.source = rounds.source and appointed.dossier_code = rounds.dossier_code
    where
        appointed.due_at > appointed.due_before
        and rounds.entry.requested_at is not null
        and rounds.entry.answered_at is not null
        and (
            appointed.due_at = rounds.entry.due_after
            or (
                rounds.entry.requested_at >= rounds.received_at
                and rounds.entry.answered_at > appointed.valid_from_before
                and rounds.entry.answered_at <= appointed.valid_from
            )
        )
),

moves as (
    select
        appointed.*,
        justified.version_no is not null as is_justified,
        max(justified.version_no) over (partition by appointed.source, appointed.dossier_code) as promised_by
    from appointed
    left join justified
        on
            appointed.source = justified.source
            and appointed.dossier_code = justified.dossier_code
            and appointed.version_no = justified.version_no
)

select
    source,
    dossier_code,
    min(case when promised_by is null then least(due_at, due_before) when version_no >= promised_by then due_at end) as promised_at,
    (count(*) filter (where due_at > due_before and not is_justified))::integer as reappointments
from moves
group by source, dossier_code;

create table facts as
with reported as (
    select
        history.* exclude (valid_to),
        landed.* exclude (
            file_no, is_record, dossier_code, supplements, bad_values, content_hash, code_date, code_form, agency_name, return_method, connected_databases
        ),
        landed.received_at <= getvariable('as_of') and landed.status <> 1 as counts,
        marks.warnings,
        coalesce(requests.requests, 0) as listed_requests,
        coalesce(requests.open_requests, 0) as open_requests,
        requests.first_requested_at,
        requests.pauses,
        len(landed.supplements) = 0 and landed.status = 5 and history.status_since <= getvariable('as_of') as asked_by_status,
        case
            when landed.status in (9, 10) then coalesce(landed.finished_at, landed.returned_at, history.status_since)
            when landed.status in (7, 8) then coalesce(landed.finished_at, history.status_since)
            when landed.status = 3 then coalesce(landed.refused_at, landed.finished_at, history.status_since)
        end as end_as_reported,
        promises.dossier_code is not null as has_promise,
        promises.promised_at as other_promise,
        coalesce(promises.reappointments, 0) as reappointments
    from landed
    inner join history on landed.rowid = history.row_id and history.valid_to is null
    left join marks on landed.rowid = marks.row_id
    left join requests on history.source = requests.source and history.dossier_code = requests.dossier_code
    left join promises on history.source = promises.source and history.dossier_code = promises.dossier_code
),

dated as (
    select
        *,
        coalesce(counts, false) as in_population,
        case when counts and greatest(end_as_reported, received_at) <= getvariable('as_of') and end_as_reported is not null
            then greatest(end_as_reported, received_at) end as ended_at,
        case when counts and status = 10 and returned_at between received_at and getvariable('as_of') then returned_at end as handed_over_at,
        case when counts and status = 6 and status_since <= getvariable('as_of') then status_since end as fee_demand_at,
        case when not coalesce(counts, false) then 0 when asked_by_status then 1 else listed_requests end as requests,
        coalesce(counts and (asked_by_status or open_requests > 0), false) as request_open,
        case when asked_by_status then status_since else first_requested_at end as asked_at
    from reported
)

select
    dated.* exclude (
        counts, listed_requests, open_requests, first_requested_at, asked_by_status, end_as_reported, has_promise, other_promise, pauses, asked_at, field_code
    ),
    coalesce(dated.field_code, 'unknown') as field_code,
    case
        when not in_population then null
        when ended_at is not null then case status when 7 then 'withdrawn' when 8 then 'stopped' when 3 then 'refused' else 'finished' end
        when request_open then 'waiting_supplement'
        when fee_demand_at is not null then 'waiting_fee'
        else 'processing'
    end as state,
    case when requests = 1 and request_open then asked_at end as sole_open_request_at,
    case when requests > 0 then greatest(asked_on.working_day_number - received_on.working_day_number, 0) end as working_days_to_first_request,
    case
        when in_population and pauses is not null then list_sum(list_transform(
            pauses,
            lambda pause: greatest(
                date_diff('second', greatest(pause.since, received_at), least(pause.until, coalesce(ended_at, getvariable('as_of')))), 0
            )
        ))::bigint
        else 0
    end as paused_seconds,
    case when has_promise then other_promise else due_at end as promised_at,
    limits.amount as statutory_amount,
    limits.unit as statutory_unit
from dated
left join statutory_limits as limits on dated.procedure_key = limits.procedure_key and dated.channel = limits.channel
left join calendar_days as asked_on on case when dated.requests > 0 then dated.asked_at::date end = asked_on.day
left join calendar_days as received_on on case when dated.requests > 0 then dated.received_at::date end = received_on.day
order by substr(dated.dossier_code, 1, 8);
