{#- How figures of the marts are computed: shares and rounding. -#}

{#- Share of `part` in `whole`, 0..1; null when the whole is 0 (timeliness §6). -#}
{% macro rate(part, whole) -%}
    cast({{ part }} as double) / nullif({{ whole }}, 0)
{%- endmacro %}

{#- Place by the on-time rate of form_ii06 among the rows of a partition: ties share a place, rows without a rate come last. -#}
{% macro on_time_rank(partition) -%}
    cast(rank() over (partition by {{ partition }} order by on_time_rate_form_ii06 desc nulls last) as integer)
{%- endmacro %}

{#- `numerator` / `denominator` rounded half up to two decimals, by exact integer arithmetic; null when the denominator is 0. Both are integers >= 0.
    floor((200 n + d) / 2d) / 100: the rest is taken off before dividing, so that no quotient is ever rounded by the machine. -#}
{% macro rounded_ratio(numerator, denominator) -%}
    {%- set doubled = "(200 * cast(" ~ numerator ~ " as bigint) + " ~ denominator ~ ")" -%}
    ({{ doubled }} - mod({{ doubled }}, nullif(2 * {{ denominator }}, 0))) / (2 * nullif({{ denominator }}, 0)) / 100.0
{%- endmacro %}

{#- The part of an agency code down to `level` groups: ('H39.18.25', 2) is 'H39.18'. -#}
{% macro agency_ancestor(agency_code, level) %}{{ return(adapter.dispatch('agency_ancestor')(agency_code, level)) }}{% endmacro %}
{% macro default__agency_ancestor(agency_code, level) -%} substring_index({{ agency_code }}, '.', {{ level }}) {%- endmacro %}
{% macro duckdb__agency_ancestor(agency_code, level) -%} array_to_string(string_split({{ agency_code }}, '.')[1:{{ level }}], '.') {%- endmacro %}

{#- One row per level of an agency code, 1 to its own: a set-returning expression for a select list. -#}
{% macro explode_levels(agency_code) %}{{ return(adapter.dispatch('explode_levels')(agency_code)) }}{% endmacro %}
{% macro default__explode_levels(agency_code) -%} explode(sequence(1, greatest({{ agency_level(agency_code) }}, 1))) {%- endmacro %}
{% macro duckdb__explode_levels(agency_code) -%} unnest(generate_series(1, greatest({{ agency_level(agency_code) }}, 1))) {%- endmacro %}

{#- Number of groups of an agency code: 1 province, 2 department or district, 3 ward …; 0 for `unknown`. -#}
{% macro agency_level(agency_code) -%}
    case
        when {{ agency_code }} = 'unknown' then 0
        else length({{ agency_code }}) - length(replace({{ agency_code }}, '.', '')) + 1
    end
{%- endmacro %}

{#- What the code of an agency says of its kind (portal-exports §5): PROVINCE; since July 2025 a second group of three digits is a COMMUNE (xã, phường, đặc khu),
    any other second group a DEPARTMENT (sở; before that also a district); null for what lies below and for `unknown`. -#}
{% macro agency_level_name(agency_code) -%}
    case
        when {{ agency_code }} = 'unknown' then null
        when {{ agency_level(agency_code) }} = 1 then 'PROVINCE'
        when {{ agency_level(agency_code) }} = 2
            then case
                when length({{ agency_code }}) - length({{ agency_ancestor(agency_code, 1) }}) = 4 then 'COMMUNE' else 'DEPARTMENT'
            end
    end
{%- endmacro %}

{#- What lists of dossiers show of a dossier first. -#}
{% macro listed_columns() %}{{ return(['agency_code', 'procedure_code', 'procedure_name', 'field_code', 'channel', 'officer_key', 'received_at']) }}{% endmacro %}

{#- Verdicts with what a list of dossiers shows beside them, for a list: those that fulfil `condition` on int_verdicts (alias verdicts), among the rows that
    were written since the last green build. A list that is made anew holds all that there are nevertheless: a dossier that is overdue or falls due is
    pending in some rule set, so it is not settled, and every build writes its row (docs/decisions/0005). -#}
{% macro listed_verdicts(condition) -%}
    select *
    from {{ ref('int_verdicts') }} as verdicts
    where ({{ condition }}) and {{ is_built_now('verdicts') }}
{%- endmacro %}
