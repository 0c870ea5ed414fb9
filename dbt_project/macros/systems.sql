{#- The two systems that are laid beside each other (timeliness §10), by the names of their sources. -#}

{#- The one-stop system of the province, which feeds the portal. -#}
{% macro local_system() %}motcua{% endmacro %}

{#- The national portal. -#}
{% macro portal_system() %}dvcqg{% endmacro %}

{#- What is compared of a dossier that both hold: name of the difference → column of int_dossier_facts. -#}
{% macro compared_fields() %}
    {{ return({'status': 'status', 'received': 'received_at', 'due': 'due_at', 'end': 'ended_at', 'agency': 'agency_code'}) }}
{% endmacro %}

{#- Condition: of two rows with the columns of int_dossier_facts, something but the agency differs. -#}
{% macro is_recorded_otherwise(here, there) -%}
    (
        {%- for name, column in compared_fields().items() if name != 'agency' %}
        {{ here }}.{{ column }} is distinct from {{ there }}.{{ column }}{{ ' or' if not loop.last }}
        {%- endfor %}
    )
{%- endmacro %}

{#- A timestamp moved by so many microseconds, fewer than a second: every moment of the data is a whole second, so that nothing is compared otherwise. -#}
{% macro add_microseconds(moment, number) %}{{ return(adapter.dispatch('add_microseconds')(moment, number)) }}{% endmacro %}
{% macro default__add_microseconds(moment, number) -%} timestampadd(microsecond, {{ number }}, {{ moment }}) {%- endmacro %}
{% macro duckdb__add_microseconds(moment, number) -%} ({{ moment }} + to_microseconds({{ number }})) {%- endmacro %}

{#- Parts of the difference between the portal's figure and ours, in the order in which they are taken (timeliness §10). -#}
{% macro difference_parts() %}
    {{ return([
        'not_synchronised', 'only_on_portal', 'agency_differs', 'dates_or_status_differ', 'two_requests', 'changed_after_report'
    ]) }}
{% endmacro %}

{#- Sums of dossiers from which every figure of a portal report follows. -#}
{% macro report_sums() %}{{ return(['received', 'on_time', 'completed', 'finished', 'seconds']) }}{% endmacro %}

{#- A figure of a report from sums that are called <sum>_<step>. kind: count (`what` is the sum), overdue, or share (`what`: factor, sum, divisor, sum). -#}
{% macro report_figure(kind, what, step) -%}
    {%- if kind == 'count' -%} cast({{ what }}_{{ step }} as double)
    {%- elif kind == 'overdue' -%} cast(received_{{ step }} - on_time_{{ step }} as double)
    {%- else -%} cast({{ rounded_ratio('(' ~ what[0] ~ ' * ' ~ what[1] ~ '_' ~ step ~ ')', '(' ~ what[2] ~ ' * ' ~ what[3] ~ '_' ~ step ~ ')') }} as double)
    {%- endif -%}
{%- endmacro %}
