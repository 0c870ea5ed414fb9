{#- The periodic form, Thông tư 01/2020/TT-VPCP (timeliness §3): compares dates; stopped dossiers stay pending. -#}
{% macro rule_set_form_ii06() %}
    {{ return(by_dates('due_at')) }}
{% endmacro %}

{#- A rule set that compares the day of the end with that of a deadline (a column), as the periodic form does. -#}
{% macro by_dates(due) %}
    {{ return({
        'population': '(in_population and status <> 3)',
        'pending': "(state not in ('finished', 'withdrawn'))",
        'resolved_at': 'ended_at',
        'due': due,
        'appointment': due,
        'ladder': [
            ("state = 'withdrawn'", 'on_time', 'WITHDRAWN'),
            ("state = 'finished' and " ~ due ~ " is null", 'on_time', 'NO_DUE_DATE'),
            ("state = 'finished' and cast(ended_at as date) < cast(" ~ due ~ " as date)", 'early', 'BEFORE_DUE_DATE'),
            ("state = 'finished' and cast(ended_at as date) = cast(" ~ due ~ " as date)", 'on_time', 'ON_DUE_DATE'),
            ("state = 'finished'", 'late', 'AFTER_DUE_DATE'),
            ("state = 'stopped'", 'in_time', 'STOPPED'),
            ("state in ('waiting_supplement', 'waiting_fee')", 'in_time', 'CLOCK_PAUSED'),
            (due ~ ' is null', 'in_time', 'NO_DUE_DATE'),
            ('cast(evaluated_at as date) > cast(' ~ due ~ ' as date)', 'overdue', 'PAST_DUE_DATE'),
            ('true', 'in_time', 'BEFORE_DUE'),
        ],
    }) }}
{% endmacro %}
