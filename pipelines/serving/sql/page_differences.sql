-- How the rule sets disagree: the verdicts side by side, and how many dossiers have them.
select
    source, form_ii06_verdict, portal_766_verdict, citizen_handover_verdict, first_appointment_verdict,
    count(*) as dossiers
from marts.mart_rule_differences
where is_of(agency_code, $agency)
group by all
order by
    source, dossiers desc, form_ii06_verdict, portal_766_verdict, citizen_handover_verdict, first_appointment_verdict
