{#- As the citizen sees it (timeliness §3): compares timestamps; only the result in hand counts. -#}
{% macro rule_set_citizen_handover() %}
    {{ return({
        'population': '(in_population and status <> 3)',
        'pending': '(handed_over_at is null)',
        'resolved_at': 'handed_over_at',
        'due': 'due_at',
        'ladder': [
            ("state in ('withdrawn', 'stopped')", 'not_applicable', 'NOT_APPLICABLE'),
            ('due_at is null', 'no_deadline', 'NO_DUE_DATE'),
            ('ended_at is not null and is_handover_unknown', 'not_applicable', 'NO_HANDOVER_DATE'),
            ('coalesce(handed_over_at, evaluated_at) > due_at', ('late', 'overdue'), 'PAST_DUE'),
            ('cast(handed_over_at as date) < cast(due_at as date)', 'early', 'BEFORE_DUE_DATE'),
            ('true', ('on_time', 'in_time'), 'WITHIN_DUE'),
        ],
    }) }}
{% endmacro %}
