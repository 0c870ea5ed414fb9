-- grain: source, dossier_code, version_no: the history of timeliness §1 (int_dossier_history) with the content of each version. Not limited by known_at.
{{ config(materialized='view') }}

{{ with_content(ref('int_dossier_history')) }}
