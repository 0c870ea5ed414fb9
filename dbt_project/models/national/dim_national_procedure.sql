-- grain: procedure_key: procedures of all provinces, by the name and the field that most provinces give them. The first eight characters of a code are the
-- same everywhere (portal-exports §5).

{{ named_by_most('dim_procedure', 'procedure_key', ['procedure_name', 'field_code'], 'procedure_name is null') }}
