{#- What an incremental build must do again. `changed_since()` is the watermark of the last green build (docs/architecture.md). -#}

{#- Dossiers with dossier rows (and events) that are new to this build: a select of source, dossier_code, for `in (…)` or a CTE. -#}
{% macro changed_dossiers(tables) -%}
    {%- for table in tables %}
    select
        source,
        dossier_code
    from {{ source('validated', table) }}
    where validation_seq > {{ changed_since() }}
    {%- if not loop.last %}
    union
    {%- endif %}
    {%- endfor %}
{%- endmacro %}

{#- The dossiers whose rows in an incremental model this build has to compute again: a select of source, dossier_code, each once. Those that are
    changed, those without a due date whose procedure has a new catalogue row, those known only by the name of their agency when a catalogue of
    agencies is new, and those that name their field without its code when one of procedures is. A build that died is simply done again: what it changed is still newer than the watermark. -#}
{% macro stale_dossiers() -%}
    {{ changed_dossiers(['dossiers', 'events']) }}
    {%- set new_procedures = source('validated', 'procedures') ~ ' where validation_seq > ' ~ changed_since() %}
    {%- set new_agencies = source('validated', 'agencies') ~ ' where validation_seq > ' ~ changed_since() %}
    {%- for condition in [
        'due_at is null and procedure_key in (select procedure_key from ' ~ new_procedures ~ ')',
        "agency_code = 'unknown' and exists (select 1 from " ~ new_agencies ~ ')',
        'field_code is null and field_name is not null and exists (select 1 from ' ~ new_procedures ~ ')',
    ] %}
    union
    select
        source,
        dossier_code
    from {{ source('validated', 'dossiers') }}
    where {{ condition }}
    {%- endfor %}
{%- endmacro %}

{#- The same, and those that move on with as_of: rows of the model that are not settled. -#}
{% macro stale_or_moving_dossiers() -%}
    {{ stale_dossiers() }}
    union
    select
        source,
        dossier_code
    from {{ this }}
    where not settled
{%- endmacro %}

{#- Of an incremental list of dossiers: take out those that were evaluated since the last green build. A build that died is simply done again. -#}
{% macro take_out_evaluated() -%}
    {%- if is_incremental() -%}
    delete from {{ this }} where (source, dossier_code) in (
        select
            evaluated.source,
            evaluated.dossier_code
        from {{ ref('int_dossier_verdicts') }} as evaluated
        where {{ is_built_now('evaluated') }}
    )
    {%- endif -%}
{%- endmacro %}

{#- Of the same: the rows that stayed say the clocks of this build, as every row of a mart does. -#}
{% macro stamp_again() -%}
    {%- if is_incremental() -%}
    update {{ this }} set as_of = {{ as_of() }}, known_at = {{ known_at() }}, definitions_version = {{ definitions_version() }}
    where as_of <> {{ as_of() }} or known_at is distinct from {{ known_at() }}
    {%- endif -%}
{%- endmacro %}

{#- Condition: the version was the latest one known at known_at (timeliness §1). -#}
{% macro is_version_used(versions) -%}
    {{ is_known(versions ~ '.valid_from') }} and ({{ versions }}.valid_to is null or not ({{ is_known(versions ~ '.valid_to') }}))
{%- endmacro %}

{#- The files of some rows, with the order of exports (timeliness §1) as one number, file_no: the wide names are compared once per file, not once per row. -#}
{% macro numbered_files(rows) -%}
    select
        *,
        row_number() over (order by exported_at, file_name, file_path, file_sha256) as file_no
    from (
        select distinct
            source,
            file_sha256,
            exported_at,
            file_name,
            file_path
        from {{ rows }}
    ) as sent
{%- endmacro %}

{#- A row's place in the order of history (timeliness §1) as one number: by file, then by row. Row numbers stay far below 2^32. -#}
{% macro row_place(file_no, row_number) -%}
    {{ file_no }} * 4294967296 + {{ row_number }}
{%- endmacro %}

{#- Versions with their content: a select over the relation or CTE `history` (its name), rows of int_dossier_history, perhaps with further columns `more`.
    Whoever needs the content of a few versions picks them there first: the content of all is many times as wide. -#}
{% macro with_content(history, more=[]) %}
select
    history.source,
    history.dossier_code,
    history.version_no,
    history.valid_from,
    history.valid_to,
    history.last_seen_at,
    {{ copied('content', dossier_content()) }},
    history.file_sha256,
    history.row_number,
    content.warnings,
    history.status_since,
    history.reopened,
    history.due_moved,
    history.due_moved_late,
    history.unchanged_rows,
    history.superseded_rows
    {%- for column in more %},
    history.{{ column }}
    {%- endfor %}
from {{ history }} as history
inner join {{ source('validated', 'dossiers') }} as content on {{ have_same('history', 'content', ['source', 'file_sha256', 'row_number']) }}
{% endmacro %}

{#- Rows (alias found) of a relation of dossiers, once for each moment `at` that the CTE `moments` (its name) asks of their dossier. -#}
{% macro at_moments(relation, moments) -%}
    select
        found.*,
        {{ moments }}.at
    from {{ relation }} as found
    inner join {{ moments }} on {{ have_same('found', moments, ['source', 'dossier_code']) }}
{%- endmacro %}
