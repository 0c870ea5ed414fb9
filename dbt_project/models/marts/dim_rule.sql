-- grain: rule_id: the catalogue of rules for rows and files, for readers of the marts (portal-exports §6).

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
    {{ stamps() }}
from {{ source('validated', 'rules') }}
order by rule_id
