-- every period that form II.06 is published for: source, scheme, name, first and last day; the longest first
select distinct
    source,
    scheme,
    period,
    period_from,
    period_to
from marts.rpt_form_ii06_levels
order by scheme, period_to desc, period_from, source;
