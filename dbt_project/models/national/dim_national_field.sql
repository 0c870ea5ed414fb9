-- grain: field_code: fields of administration of all provinces, by the name that most provinces give them.

-- a field that a province only knows by its code is named after it there
{{ named_by_most('dim_field', 'field_code', ['field_name'], 'field_name = field_code') }}
