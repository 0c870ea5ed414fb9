-- grain: rule_id

select
    rule_id,
    level,
    severity,
    kinds,
    evaluated_in,
    message_vi,
    message_en,
    advice_vi,
    advice_en,
    validation_seq
from {{ source('validated', 'rules') }}
