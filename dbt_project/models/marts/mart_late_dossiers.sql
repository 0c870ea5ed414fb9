-- grain: source, dossier_code, rule_set: dossiers resolved late by as_of, for each rule set that says so (timeliness §6).
-- Incremental: dossiers that were evaluated again are taken out and listed anew (macros/history.sql).
{{
    config(
        materialized=carried_on(),
        incremental_strategy='append',
        pre_hook='{{ take_out_evaluated() }}',
        post_hook='{{ stamp_again() }}',
        on_schema_change='fail',
    )
}}

-- take_out_evaluated() reads this
-- depends_on: {{ ref('int_dossier_verdicts') }}

with late as (
    {{ listed_verdicts("verdicts.verdict = 'late'") }}
)

select
    source,
    dossier_code,
    rule_set,
    {{ listed_columns() | join(', ') }},
    due_at,
    effective_due,
    promised_at,
    ended_at,
    effective_end,
    cast(calendar_days_overdue as bigint) as calendar_days_overdue,
    cast(working_days_overdue as bigint) as working_days_overdue,
    overdue_bucket,
    state,
    reason,
    calendar_days_overdue >= 1 as apology_due,
    reappointments,
    {{ stamps() }}
from late
order by source, rule_set, agency_code, working_days_overdue desc, dossier_code
