{#- Tables and views made in one statement each. dbt's own build beside the old relation, rename twice and drop, with a query of the catalog between: in DuckDB
    `create or replace` is atomic, and nobody else reads the build file. The contract is checked and the descriptions are stored as dbt does. -#}

{% materialization table, adapter='duckdb' %}
    {%- set target = this.incorporate(type='table') -%}
    {% do drop_unless(target) %}
    {{ run_hooks(pre_hooks) }}
    {% call statement('main') %}
        {% if config.get('contract').enforced %}
            {{ get_assert_columns_equivalent(sql) }}
            create or replace table {{ target }} {{ get_table_columns_and_constraints() }};
            insert into {{ target }} {{ get_column_names() }} ({{ get_select_subquery(sql) }});
        {% else %}
            create or replace table {{ target }} as ({{ sql }});
        {% endif %}
        {{ comments_on(target) }}
    {% endcall %}
    {{ run_hooks(post_hooks) }}
    {{ adapter.commit() }}
    {{ return({'relations': [target]}) }}
{% endmaterialization %}

{% materialization view, adapter='duckdb' %}
    {%- set target = this.incorporate(type='view') -%}
    {% do drop_unless(target) %}
    {{ run_hooks(pre_hooks) }}
    {% call statement('main') %}
        {% if config.get('contract').enforced %}
            {{ get_assert_columns_equivalent(sql) }}
        {% endif %}
        create or replace view {{ target }} as ({{ sql }});
        {{ comments_on(target) }}
    {% endcall %}
    {{ run_hooks(post_hooks) }}
    {{ adapter.commit() }}
    {{ return({'relations': [target]}) }}
{% endmaterialization %}

{#- A relation of another type under the same name cannot be replaced: a model that was a view and is a table now. -#}
{% macro drop_unless(target) %}
    {%- set existing = load_cached_relation(target) -%}
    {% if existing is not none and existing.type != target.type %}
        {% do adapter.drop_relation(existing) %}
    {% endif %}
{% endmacro %}

{#- Statements that store the descriptions of the model and its columns. -#}
{% macro comments_on(target) %}
    {% if config.persist_relation_docs() and model.description %}
        comment on {{ target.type }} {{ target }} is {{ duckdb_escape_comment(model.description) }};
    {% endif %}
    {% if config.persist_column_docs() %}
        {% for column in model.columns.values() if column.description %}
        comment on column {{ target }}.{{ adapter.quote(column.name) }} is {{ duckdb_escape_comment(column.description) }};
        {% endfor %}
    {% endif %}
{% endmacro %}

{#- Of incremental models and seeds, in one go; a table that stays keeps what it was told. -#}
{% macro duckdb__persist_docs(relation, model, for_relation, for_columns) %}
    {% if not is_incremental() %}
        {% do run_query(comments_on(relation)) %}
    {% endif %}
{% endmacro %}
