-- portal-exports §6: for every source, all accepted dossier rows = versions + unchanged + superseded. A mismatch stops the publication.
select *
from {{ ref('int_history_accounting') }}
where rows_accepted <> versions + unchanged + superseded
