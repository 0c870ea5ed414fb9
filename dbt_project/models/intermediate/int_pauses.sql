-- grain: source, dossier_code, paused_from: merged [paused_from, paused_to) intervals, paused_to null = still open at as_of.
-- In them form_ii06 does not count a pending dossier overdue (timeliness §3): a supplement request is open, a fee is demanded, or it was stopped.

with pauses as (
    select
        source,
        dossier_code,
        requested_at as paused_from,
        answered_at as paused_to
    from {{ ref('int_supplement_requests') }}
    {% for moment, condition in [('fee_demand_at', 'fee_demand_at is not null'), ('ended_at', "state = 'stopped'")] %}

    union all

    select
        source,
        dossier_code,
        {{ moment }} as paused_from,
        cast(null as timestamp) as paused_to
    from {{ ref('int_dossier_facts') }}
    where {{ condition }}
    {% endfor %}
),

bounded as (
    -- an open pause swallows every later one; one that ends before it begins is none
    select
        source,
        dossier_code,
        paused_from,
        coalesce(paused_to, {{ end_of_time() }}) as paused_to
    from pauses
    where paused_to is null or paused_from < paused_to
),

reached as (
    select
        *,
        max(paused_to) over (
            partition by source, dossier_code
            order by paused_from, paused_to
            rows between unbounded preceding and 1 preceding
        ) as reached_before
    from bounded
),

islands as (
    select
        *,
        sum(case when paused_from <= reached_before then 0 else 1 end) over (
            partition by source, dossier_code
            order by paused_from, paused_to
            rows unbounded preceding
        ) as island
    from reached
)

select
    source,
    dossier_code,
    min(paused_from) as paused_from,
    nullif(max(paused_to), {{ end_of_time() }}) as paused_to
from islands
group by source, dossier_code, island
