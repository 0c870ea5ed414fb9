{#- Everything that DuckDB and Spark write differently, and nothing else. `default__` is standard SQL or Spark's. -#}

{#- Date plus a number of days (may be an expression, may be negative): a date. -#}
{% macro add_days(day, days) %}{{ return(adapter.dispatch('add_days')(day, days)) }}{% endmacro %}
{% macro default__add_days(day, days) -%} date_add({{ day }}, cast({{ days }} as int)) {%- endmacro %}
{% macro duckdb__add_days(day, days) -%} ({{ day }} + cast({{ days }} as integer)) {%- endmacro %}

{#- Date plus a number of whole months, cut to the last day of a shorter month: a date. -#}
{% macro add_months(day, months) %}{{ return(adapter.dispatch('add_months')(day, months)) }}{% endmacro %}
{% macro default__add_months(day, months) -%} add_months({{ day }}, cast({{ months }} as int)) {%- endmacro %}
{% macro duckdb__add_months(day, months) -%} cast({{ day }} + to_months(cast({{ months }} as integer)) as date) {%- endmacro %}

{#- First day of the calendar month of a date: a date. -#}
{% macro first_of_month(day) -%} cast(date_trunc('month', {{ day }}) as date) {%- endmacro %}

{#- Timestamp plus a number of seconds (may be negative). -#}
{% macro add_seconds(moment, seconds) %}{{ return(adapter.dispatch('add_seconds')(moment, seconds)) }}{% endmacro %}
{% macro default__add_seconds(moment, seconds) -%} ({{ moment }} + make_dt_interval(0, 0, 0, {{ seconds }})) {%- endmacro %}
{% macro duckdb__add_seconds(moment, seconds) -%} ({{ moment }} + to_seconds({{ seconds }})) {%- endmacro %}

{#- Whole seconds from one timestamp to another: bigint, negative when the second is earlier. -#}
{% macro seconds_between(earlier, later) %}{{ return(adapter.dispatch('seconds_between')(earlier, later)) }}{% endmacro %}
{% macro default__seconds_between(earlier, later) -%} timestampdiff(second, {{ earlier }}, {{ later }}) {%- endmacro %}
{% macro duckdb__seconds_between(earlier, later) -%} date_diff('second', {{ earlier }}, {{ later }}) {%- endmacro %}

{#- Days from one date to another: bigint, negative when the second is earlier. -#}
{% macro days_between(earlier, later) %}{{ return(adapter.dispatch('days_between')(earlier, later)) }}{% endmacro %}
{% macro default__days_between(earlier, later) -%} cast(datediff({{ later }}, {{ earlier }}) as bigint) {%- endmacro %}
{% macro duckdb__days_between(earlier, later) -%} date_diff('day', {{ earlier }}, {{ later }}) {%- endmacro %}

{#- Monday = 1 … Sunday = 7. -#}
{% macro iso_weekday(day) %}{{ return(adapter.dispatch('iso_weekday')(day)) }}{% endmacro %}
{% macro default__iso_weekday(day) -%} weekday({{ day }}) + 1 {%- endmacro %}
{% macro duckdb__iso_weekday(day) -%} cast(isodow({{ day }}) as integer) {%- endmacro %}

{#- One row per element of a list: a set-returning expression for a select list. -#}
{% macro explode_list(list) %}{{ return(adapter.dispatch('explode_list')(list)) }}{% endmacro %}
{% macro default__explode_list(list) -%} explode({{ list }}) {%- endmacro %}
{% macro duckdb__explode_list(list) -%} unnest({{ list }}) {%- endmacro %}

{#- Type of a list of texts, as a contract writes it. -#}
{% macro text_list_type() %}{{ return(adapter.dispatch('text_list_type')()) }}{% endmacro %}
{% macro default__text_list_type() -%} array<string> {%- endmacro %}
{% macro duckdb__text_list_type() -%} varchar[] {%- endmacro %}

{#- A list (may be null) and single values (may be null) as one sorted list without nulls and repetitions. -#}
{% macro sorted_set(list, values) %}{{ return(adapter.dispatch('sorted_set')(list, values)) }}{% endmacro %}
{% macro default__sorted_set(list, values) -%}
    array_sort(array_distinct(array_compact(concat(coalesce({{ list }}, cast(array() as array<string>)), array({{ values | join(', ') }})))))
{%- endmacro %}
{% macro duckdb__sorted_set(list, values) -%}
    {#- for most rows there is nothing to sort -#}
    case
        when coalesce(len({{ list }}), 0) = 0{% for value in values %} and {{ value }} is null{% endfor %} then cast([] as varchar[])
        else list_sort(list_distinct(list_concat({{ list }}, [{{ values | join(', ') }}])))
    end
{%- endmacro %}

{#- Aggregate: the distinct values of a text as one sorted list. -#}
{% macro collect_sorted(value) %}{{ return(adapter.dispatch('collect_sorted')(value)) }}{% endmacro %}
{% macro default__collect_sorted(value) -%} array_sort(collect_set({{ value }})) {%- endmacro %}
{% macro duckdb__collect_sorted(value) -%} list_sort(list(distinct {{ value }}) filter (where {{ value }} is not null)) {%- endmacro %}

{#- A condition that stops the query with a message: the texts of a list. -#}
{% macro stop_with(texts) %}{{ return(adapter.dispatch('stop_with')(texts)) }}{% endmacro %}
{% macro default__stop_with(texts) -%} cast(raise_error(array_join({{ texts }}, ', ')) as boolean) {%- endmacro %}
{% macro duckdb__stop_with(texts) -%} cast(error(array_to_string({{ texts }}, ', ')) as boolean) {%- endmacro %}

{#- Between `as` and the bracket of a CTE: wherever it is named it is read anew, narrow, and never held in memory as a whole. -#}
{% macro read_in_place() %}{{ return(adapter.dispatch('read_in_place')()) }}{% endmacro %}
{% macro default__read_in_place() -%} {%- endmacro %}
{% macro duckdb__read_in_place() -%} not materialized {%- endmacro %}

{#- Aggregate: a list of spans [since, until) of the rows that fulfil a condition; null or empty when none does. -#}
{% macro collect_spans(since, until, condition) %}{{ return(adapter.dispatch('collect_spans')(since, until, condition)) }}{% endmacro %}
{% macro default__collect_spans(since, until, condition) -%}
    collect_list(named_struct('since', {{ since }}, 'until', {{ until }})) filter (where {{ condition }})
{%- endmacro %}
{% macro duckdb__collect_spans(since, until, condition) -%}
    list(struct_pack(since := {{ since }}, until := {{ until }})) filter (where {{ condition }})
{%- endmacro %}

{#- Seconds of a list of spans (may be null) that lie within [begin, close): bigint. The spans do not overlap. -#}
{% macro seconds_within(spans, begin, close) %}{{ return(adapter.dispatch('seconds_within')(spans, begin, close)) }}{% endmacro %}
{% macro default__seconds_within(spans, begin, close) -%}
    coalesce(aggregate(
        {{ spans }}, cast(0 as bigint),
        (total, span) -> total + greatest({{ seconds_between('greatest(span.since, ' ~ begin ~ ')', 'least(span.until, ' ~ close ~ ')') }}, 0)
    ), 0)
{%- endmacro %}
{% macro duckdb__seconds_within(spans, begin, close) -%}
    case
        when {{ spans }} is null then 0
        else cast(list_sum(list_transform(
            {{ spans }},
            lambda span: greatest({{ seconds_between('greatest(span.since, ' ~ begin ~ ')', 'least(span.until, ' ~ close ~ ')') }}, 0)
        )) as bigint)
    end
{%- endmacro %}

{#- Sorting by it puts the dossiers of an agency side by side: the first eight characters of a code, which is what zone maps keep of a text. -#}
{% macro lookup_order(dossier_code) -%} substr({{ dossier_code }}, 1, 8) {%- endmacro %}

{#- A number made of several columns, the same for the same values. It cannot prove that rows differ: DuckDB gives one in three thousand of ten million dossier codes the number of another. -#}
{% macro fingerprint(columns) %}{{ return(adapter.dispatch('fingerprint')(columns)) }}{% endmacro %}
{% macro default__fingerprint(columns) -%} xxhash64({{ columns | join(', ') }}) {%- endmacro %}
{% macro duckdb__fingerprint(columns) -%} hash({{ columns | join(', ') }}) {%- endmacro %}

{#- Type in which fingerprints of any number of rows can be summed. -#}
{% macro wide_number_type() %}{{ return(adapter.dispatch('wide_number_type')()) }}{% endmacro %}
{% macro default__wide_number_type() -%} decimal(38, 0) {%- endmacro %}
{% macro duckdb__wide_number_type() -%} hugeint {%- endmacro %}

{#- Condition: the list has entries. -#}
{% macro is_filled(list) %}{{ return(adapter.dispatch('is_filled')(list)) }}{% endmacro %}
{% macro default__is_filled(list) -%} (size({{ list }}) > 0) {%- endmacro %}
{% macro duckdb__is_filled(list) -%} (len({{ list }}) > 0) {%- endmacro %}

{#- Materialisation of a model that a nightly run goes on from. Plain tables of Spark cannot be changed in place: they are written whole. -#}
{% macro carried_on() %}{{ return(adapter.dispatch('carried_on')()) }}{% endmacro %}
{% macro default__carried_on() %}{{ return('table') }}{% endmacro %}
{% macro duckdb__carried_on() %}{{ return('incremental') }}{% endmacro %}

{#- Materialisation of a mart that needs no rows of its own. What Spark makes is read from its files, and a view has none. -#}
{% macro shown_as_view() %}{{ return(adapter.dispatch('shown_as_view')()) }}{% endmacro %}
{% macro default__shown_as_view() %}{{ return('table') }}{% endmacro %}
{% macro duckdb__shown_as_view() %}{{ return('view') }}{% endmacro %}
