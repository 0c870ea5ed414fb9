-- grain: source, dossier_code: timeliness §3 and §4 at as_of, every rule set side by side, with what lists of dossiers show; one row per row of
-- int_dossier_facts. Incremental: changed dossiers and those that some rule set still sees moving on with as_of are evaluated again (macros/history.sql): a
-- finished dossier that was not handed over moves on in citizen_handover only. Columns of a rule set are null where the dossier is not in its population.
{{
    config(
        materialized=carried_on(),
        incremental_strategy='delete+insert',
        unique_key=['source', 'dossier_code'],
        on_schema_change='fail',
    )
}}

with facts as {{ read_in_place() }} (
    select
        *,
        {{ as_of() }} as at
    from {{ ref('int_dossier_facts') }}
    {% if is_incremental() %}
    where (source, dossier_code) in (
        {{ stale_or_moving_dossiers() }}
    )
    {% endif %}
),

evaluated as (
    {{ evaluated_dossiers('facts') }}
)

select
    source,
    dossier_code,
    {{ listed_columns() | join(', ') }},
    due_at,
    ended_at,
    handed_over_at,
    state,
    requests,
    paused_seconds,
    last_request_at,
    reappointments,
    calendar,
    {% for rule_set in rule_sets() %}
    {{ rule_set }}_verdict,
    {{ rule_set }}_reason,
    {{ rule_set }}_end,
    {{ rule_set }}_working_days_taken,
    {{ rule_set }}_calendar_days_overdue,
    {{ rule_set }}_working_days_overdue,
    {% endfor %}
    {% for due in rule_sets().values() | map(attribute='due') | unique if due != 'due_at' %}
    {{ due }},
    {% endfor %}
    {% for due in appointments() %}
    working_days_to_{{ due }},
    {% endfor %}
    settled as facts_settled,
    settled and not (
        {% for name, rule_set in rule_sets().items() %}
        ({{ name }}_verdict is not null and {{ rule_set.pending }}){{ ' or' if not loop.last }}
        {% endfor %}
    ) as settled,
    {{ build_id() }} as built_by
from evaluated
-- the facts lie in the order that lookups need, and nothing here changes it
