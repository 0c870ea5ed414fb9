{#- Written by `make docs` from pipelines/contract; do not edit. -#}

{#- Columns of validated.dossiers that are those of a version, besides its keys and its file. -#}
{% macro dossier_content() -%}
    {{ return(['envelope_agency', 'agency_code', 'code_date', 'code_form', 'sequence_digits', 'procedure_code', 'procedure_key', 'procedure_padded', 'procedure_name', 'field_code', 'field_name', 'channel', 'applicant_type', 'submitted_at', 'received_at', 'due_at', 'finished_at', 'returned_at', 'refused_at', 'status', 'return_method', 'agency_name', 'submitted_via', 'has_digitised_parts', 'vneid_verified', 'online_payment', 'connected_databases', 'submitted_files', 'digitised_files', 'reused_files', 'reused_from_store_files', 'fee_count', 'fee_total', 'supplement_count', 'result_documents', 'electronic_results', 'applicant_key', 'placeholder_id', 'placeholder_date', 'content_hash']) }}
{%- endmacro %}

{#- Of these the ones that fct_dossiers publishes: all, or those of one part of it. -#}
{% macro dossier_published(part=none) -%}
    {%- set parts = {
        'subject': ['agency_code', 'procedure_code', 'procedure_key', 'procedure_name', 'field_code', 'field_name', 'channel', 'applicant_type', 'applicant_key'],
        'times': ['submitted_at', 'received_at', 'due_at', 'finished_at', 'returned_at', 'refused_at'],
        'status': ['status'],
        'further': ['has_digitised_parts', 'submitted_files', 'digitised_files', 'reused_files', 'reused_from_store_files', 'result_documents', 'electronic_results'],
    } -%}
    {{ return(parts[part] if part else parts.values() | sum(start=[])) }}
{%- endmacro %}
