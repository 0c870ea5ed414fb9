-- grain: source, dossier_code, rule_set: the verdict of each rule set on each dossier of its population, with its reason and measures.
{{ config(materialized=shown_as_view()) }}

select
    source,
    dossier_code,
    rule_set,
    state,
    requests,
    verdict,
    reason,
    effective_end,
    effective_due,
    paused_seconds,
    working_days_taken,
    calendar_days_overdue,
    working_days_overdue,
    overdue_bucket,
    due_bucket,
    {{ stamps() }},
    built_by
from {{ ref('int_verdicts') }}
