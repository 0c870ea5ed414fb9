{#- The rule sets of timeliness §3. Each is one file in macros/rule_sets: a macro `rule_set_<its name>` that returns

    population   condition: the dossier is evaluated by the rule set
    pending      condition: not resolved in the rule set's own sense, its clock runs on with as_of
    resolved_at  the moment at which it was resolved
    due          the deadline
    ladder       branches (condition, verdict, reason), the first that fits gives both; a verdict may be a pair (of resolved, of pending dossiers)
    end          (optional) the moment that is compared with the deadline; else `resolved_at`, or evaluated_at while pending
    appointment  (optional) column with the due date that buckets of what falls due count to; else due_at
    days         (optional) name → timestamp: further moments whose working day is looked up, as <name>_day
    end_day      (optional) number of the working day of the end; else that of `resolved_at`, or evaluated_at while pending
    due_day      (optional) that of the deadline; else that of `due`

    in terms of the columns of `bounded` (with_portal_766): facts (columns of int_dossier_facts), `evaluated_at`, and what portal_766 alone compares.
    Whatever shows rule sets side by side loops over rule_sets(); a rule set further needs its row in seeds/rule_sets.csv and its sentences in seeds/reasons.csv. -#}

{#- All rule sets, name → what its macro returns. A file more in macros/rule_sets is a rule set more. -#}
{% macro rule_sets() %}
    {%- set found = {} -%}
    {%- for name in context | sort if name.startswith('rule_set_') -%}
        {%- do found.update({name[9:]: context[name]()}) -%}
    {%- endfor -%}
    {{ return(found) }}
{% endmacro %}

{#- The columns with due dates that some rule set counts what falls due to. -#}
{% macro appointments() %}
    {%- set found = [] -%}
    {%- for rule_set in rule_sets().values() -%}
        {%- do found.append(rule_set.get('appointment') or 'due_at') -%}
    {%- endfor -%}
    {{ return(found | unique | list) }}
{% endmacro %}

{#- The verdict or the reason (`column`) that the ladder of a rule set gives. -#}
{% macro ladder_column(rule_set, column) -%}
    case
        {%- for condition, verdict, reason in rule_set.ladder %}
        {%- set given = reason if column == 'reason' else verdict %}
        when {{ condition }} then {% if given is string %}'{{ given }}'{% else %}case when {{ rule_set.pending }} then '{{ given[1] }}' else '{{ given[0] }}' end{% endif %}
        {%- endfor %}
    end
{%- endmacro %}

{#- A select over the relation or CTE `facts` (a name; `at` is the moment, see macros/dossier_facts.sql), one row per row of it, with its columns and for each
    rule set <rule set>_verdict, _reason, _end and the measures of timeliness §4, _working_days_taken, _calendar_days_overdue, _working_days_overdue;
    also portal_766_due, working_days_to_<appointment>. Null where the dossier is not in the rule set's population.

    A dossier is evaluated by all rule sets at once, in one row: they compare the same few moments, and whoever lays them side by side joins nothing.

    Use:  with facts as (…), evaluated as ({{ evaluated_dossiers('facts') }}) select … from evaluated -#}
{% macro evaluated_dossiers(facts) %}
    {#- moments whose working day is looked up, each once: name → timestamp -#}
    {%- set moments = {'received_at': 'received_at', 'evaluated_at': 'evaluated_at', 'due_at': 'due_at'} %}
    {%- for rule_set in rule_sets().values() %}
    {%- do moments.update({rule_set.resolved_at: rule_set.resolved_at}) %}
    {%- do moments.update(rule_set.get('days') or {rule_set.due: rule_set.due}) %}
    {%- endfor %}
    select
        numbered.*,
        {% for name, rule_set in rule_sets().items() %}
        {%- set verdict = name ~ '_verdict' %}
        {%- set resolved_day = 'case when ' ~ rule_set.pending ~ ' then evaluated_at_day else ' ~ rule_set.resolved_at ~ '_day end' %}
        {%- set end_day = rule_set.get('end_day') or resolved_day %}
        {%- set due_day = rule_set.get('due_day') or rule_set.due ~ '_day' %}
        -- a verdict may be bad before the deadline, or without one
        {%- set is_late = is_bad(verdict) ~ ' and ' ~ rule_set.due ~ ' is not null' %}
        case
            when {{ verdict }} is not null then cast(greatest({{ resolved_day }} - received_at_day, 0) as bigint)
        end as {{ name }}_working_days_taken,
        case
            when {{ is_late }} then cast(greatest({{ days_between('cast(' ~ rule_set.due ~ ' as date)', 'cast(' ~ name ~ '_end as date)') }}, 0) as bigint)
            when {{ verdict }} is not null then 0
        end as {{ name }}_calendar_days_overdue,
        case
            when {{ is_late }} then cast(greatest({{ end_day }} - {{ due_day }}, 0) as bigint)
            when {{ verdict }} is not null then 0
        end as {{ name }}_working_days_overdue,
        {% endfor %}
        {% for due in appointments() %}
        case
            when state = 'processing' and {{ due }} is not null then cast(greatest({{ due }}_day - evaluated_at_day, 0) as integer)
        end as working_days_to_{{ due }}{{ ',' if not loop.last }}
        {% endfor %}
    from (
        select
            evaluated.*,
            {% for name in moments %}
            {{ name }}_on.working_day_number as {{ name }}_day{{ ',' if not loop.last }}
            {% endfor %}
        from (
            select
                *,
                {% for name, rule_set in rule_sets().items() %}
                {%- set end = rule_set.get('end') or 'case when ' ~ rule_set.pending ~ ' then evaluated_at else ' ~ rule_set.resolved_at ~ ' end' %}
                case when {{ rule_set.population }} then {{ ladder_column(rule_set, 'verdict') }} end as {{ name }}_verdict,
                case when {{ rule_set.population }} then {{ ladder_column(rule_set, 'reason') }} end as {{ name }}_reason{{ ',' if not loop.last or end != name ~ '_end' }}
                {%- if end != name ~ '_end' %}
                case when {{ rule_set.population }} then {{ end }} end as {{ name }}_end{{ ',' if not loop.last }}
                {%- endif %}
                {% endfor %}
            from ({{ with_portal_766(facts) }}) as bounded
        ) as evaluated
        {% for name, moment in moments.items() %}
        {{ join_calendar(name ~ '_on', 'evaluated.calendar', 'cast(' ~ moment ~ ' as date)') }}
        {% endfor %}
    ) as numbered
{% endmacro %}

{#- Classes of verdicts as dim_verdict has them. -#}
{% macro is_bad(verdict) -%} {{ verdict }} in ('late', 'overdue') {%- endmacro %}
{% macro is_resolved(verdict) -%} {{ verdict }} in ('early', 'on_time', 'late') {%- endmacro %}
{% macro is_resolved_in_time(verdict) -%} {{ verdict }} in ('early', 'on_time') {%- endmacro %}

{#- All verdicts there are, in the order of dim_verdict. -#}
{% macro verdict_names() %}{{ return(['early', 'on_time', 'late', 'in_time', 'overdue', 'no_deadline', 'not_applicable']) }}{% endmacro %}

{#- The overdue bucket of timeliness §4 of a bad verdict. -#}
{% macro overdue_bucket(working_days_overdue) -%}
    case
        when {{ working_days_overdue }} <= 0 then '0'
        when {{ working_days_overdue }} <= 2 then '1-2'
        when {{ working_days_overdue }} <= 5 then '3-5'
        when {{ working_days_overdue }} <= 10 then '6-10'
        when {{ working_days_overdue }} <= 30 then '11-30'
        else '>30'
    end
{%- endmacro %}

{#- The due bucket of timeliness §4; null for null. -#}
{% macro due_bucket(working_days_left) -%}
    case
        when {{ working_days_left }} <= 0 then '0'
        when {{ working_days_left }} <= 1 then '1'
        when {{ working_days_left }} <= 3 then '2-3'
        when {{ working_days_left }} <= 7 then '4-7'
        when {{ working_days_left }} > 7 then '>7'
    end
{%- endmacro %}
