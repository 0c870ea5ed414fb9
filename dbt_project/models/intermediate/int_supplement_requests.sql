-- grain: source, dossier_code, round_no: supplement requests that count at as_of (timeliness §2); answered_at null = still open at as_of.
{{ config(materialized='view') }}

with counting as (
    select
        rounds.source,
        rounds.dossier_code,
        rounds.round_no,
        rounds.requested_at,
        case when rounds.answered_at <= {{ as_of() }} then rounds.answered_at end as answered_at
    from {{ ref('int_supplement_rounds') }} as rounds
    inner join {{ ref('int_dossier_facts') }} as facts on {{ have_same('rounds', 'facts', ['source', 'dossier_code']) }}
    where facts.in_population and rounds.requested_at <= {{ as_of() }}
)

select * from counting
union all
-- known from the status alone
select
    facts.source,
    facts.dossier_code,
    1 as round_no,
    facts.sole_open_request_at as requested_at,
    cast(null as timestamp) as answered_at
from {{ ref('int_dossier_facts') }} as facts
where
    facts.sole_open_request_at is not null
    and (facts.source, facts.dossier_code) not in (select counting.source, counting.dossier_code from counting)
