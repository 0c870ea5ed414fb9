-- grain: source, dossier_code, rule_set: timeliness §3 and §4 at as_of; one row per dossier in the rule set's population. int_dossier_verdicts laid out in
-- rows. `settled` is the rule set's own: a finished dossier that was not handed over moves on in citizen_handover only.
{{ config(materialized='view') }}

{% for name, rule_set in rule_sets().items() %}
select
    source,
    dossier_code,
    '{{ name }}' as rule_set,
    state,
    requests,
    {{ name }}_verdict as verdict,
    {{ name }}_reason as reason,
    {{ name }}_end as effective_end,
    {{ rule_set.due }} as effective_due,
    paused_seconds,
    {{ name }}_working_days_taken as working_days_taken,
    {{ name }}_calendar_days_overdue as calendar_days_overdue,
    {{ name }}_working_days_overdue as working_days_overdue,
    case when {{ is_bad(name ~ '_verdict') }} then {{ overdue_bucket(name ~ '_working_days_overdue') }} end as overdue_bucket,
    case when {{ name }}_verdict = 'in_time' then {{ due_bucket('working_days_to_' ~ (rule_set.get('appointment') or 'due_at')) }} end as due_bucket,
    {{ listed_columns() | join(', ') }},
    due_at,
    ended_at,
    last_request_at,
    promised_at,
    reappointments,
    calendar,
    facts_settled and not {{ rule_set.pending }} as settled,
    built_by
from {{ ref('int_dossier_verdicts') }}
where {{ name }}_verdict is not null
{{ 'union all' if not loop.last }}
{% endfor %}
