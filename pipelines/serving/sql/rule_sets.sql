-- the rule sets in the order in which they are shown
select
    rule_set,
    name_vi,
    name_en,
    compares,
    is_default
from marts.dim_rule_set
order by position;
