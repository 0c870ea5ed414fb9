-- grain: source, dossier_code: the first promise of dossiers with several versions, or with a round of supplements that tells an earlier due date (timeliness
-- §3, first_appointment), known at known_at and whatever as_of is. Of every other dossier the promise is its due date, and nothing was re-appointed.
-- Incremental: only changed dossiers can have another promise.
{{
    config(
        materialized=carried_on(),
        incremental_strategy='delete+insert',
        unique_key=['source', 'dossier_code'],
        on_schema_change='fail',
    )
}}

with {{ due_moves() }},

promises as (
    select
        source,
        dossier_code,
        min(
            case
                when promised_by is null then least(due_at, due_before)
                when version_no >= promised_by then due_at
            end
        ) as promised_at,
        sum(case when is_later and not is_justified then 1 else 0 end) as reappointments
    from moves
    group by source, dossier_code
)

select
    candidates.source,
    candidates.dossier_code,
    promises.promised_at,
    cast(coalesce(promises.reappointments, 0) as integer) as reappointments
from candidates
left join promises on candidates.source = promises.source and candidates.dossier_code = promises.dossier_code
