-- grain: source, dossier_code, rule_set: timeliness §3 and §4 at as_of; one row per dossier in the rule set's population. int_dossier_verdicts laid out in rows.
-- `settled` is the rule set's own: a finished dossier that was not handed over moves on in citizen_handover only.
{{ config(materialized='view') }}

{% for rule_set in rule_sets() %}
select
    source,
    dossier_code,
    '{{ rule_set }}' as rule_set,
    state,
    requests,
    {{ rule_set }}_verdict as verdict,
    {{ rule_set }}_reason as reason,
    {{ rule_set }}_end as effective_end,
    {{ 'portal_766_due' if rule_set == 'portal_766' else 'due_at' }} as effective_due,
    paused_seconds,
    {{ rule_set }}_working_days_taken as working_days_taken,
    {{ rule_set }}_calendar_days_overdue as calendar_days_overdue,
    {{ rule_set }}_working_days_overdue as working_days_overdue,
    case when {{ is_bad(rule_set ~ '_verdict') }} then {{ overdue_bucket(rule_set ~ '_working_days_overdue') }} end as overdue_bucket,
    case when {{ rule_set }}_verdict = 'in_time' then {{ due_bucket('working_days_to_due') }} end as due_bucket,
    agency_code,
    procedure_code,
    procedure_name,
    field_code,
    channel,
    officer_key,
    received_at,
    due_at,
    ended_at,
    last_request_at,
    calendar,
    facts_settled and not {{ is_pending_in(rule_set) }} as settled,
    built_by
from {{ ref('int_dossier_verdicts') }}
where {{ rule_set }}_verdict is not null
{{ 'union all' if not loop.last }}
{% endfor %}
