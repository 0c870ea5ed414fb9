{#- What Spark needs besides its dialect: the tables that a build reads, and seeds. DuckDB has the one in its build file and loads the other itself. -#}

{#- Before a build: the tables that warehouse.spark wrote as Parquet (schemas validated and state) become tables of Spark's catalogue. Runs nothing elsewhere. -#}
{% macro expose_sources() %}{{ return(adapter.dispatch('expose_sources')()) }}{% endmacro %}
{% macro default__expose_sources() %}{% endmacro %}
{% macro spark__expose_sources() %}
    {%- if execute -%}
        {%- for schema, tables in fromjson(env_var('DUNGHAN_SPARK_SOURCES')).items() -%}
            {%- do run_query('create schema if not exists ' ~ schema) -%}
            {%- for table, location in tables.items() -%}
                {%- do run_query('drop table if exists ' ~ schema ~ '.' ~ table) -%}
                {%- do run_query('create table ' ~ schema ~ '.' ~ table ~ ' using parquet location ' ~ text_literal(location)) -%}
            {%- endfor -%}
        {%- endfor -%}
    {%- endif -%}
{% endmacro %}

{#- A text as a literal of Spark's SQL, which reads a backslash as an escape. -#}
{% macro text_literal(value) -%}
    '{{ value | string | replace("\\", "\\\\") | replace("'", "\\'") }}'
{%- endmacro %}

{#- dbt-spark's session method would load an empty cell as the text None, a number as a decimal fraction, and stumble over an apostrophe: rows as literals, in one statement. -#}
{% macro spark__load_csv_rows(model, agate_table) %}
    {%- set types = model['config'].get('column_types', {}) -%}
    {%- set sql -%}
        insert into {{ this.render() }} values
        {%- for row in agate_table.rows %}
        (
            {%- for column in agate_table.column_names -%}
                {%- set type = types.get(column, adapter.convert_type(agate_table, loop.index0)) -%}
                cast({{ 'null' if row[column] is none else text_literal(row[column]) }} as {{ type }}){{ ', ' if not loop.last }}
            {%- endfor -%}
        ){{ ',' if not loop.last }}
        {%- endfor %}
    {%- endset -%}
    {%- if agate_table.rows | length > 0 -%}
        {%- do adapter.add_query(sql, abridge_sql_log=True) -%}
    {%- endif -%}
    {{ return(sql) }}
{% endmacro %}

{#- A value of a unit test's fixture, in place of dbt-spark's macro, which would cast a list as Python prints it. -#}
{% macro spark__safe_cast(field, type) %}
    {%- if field is iterable and field is not string and field is not mapping -%}
        cast(array({% for value in field %}{{ text_literal(value) }}{{ ', ' if not loop.last }}{% endfor %}) as {{ type }})
    {%- else -%}
        cast({{ field }} as {{ type }})
    {%- endif -%}
{% endmacro %}
