-- Dossiers on which the rule sets disagree, those that the form counts well and others badly first, newest first.
select
    source, dossier_code, agency_code, field_code, received_at, due_at, form_ii06_verdict, portal_766_verdict,
    citizen_handover_verdict, first_appointment_verdict
from marts.mart_rule_differences
where is_of(agency_code, $agency)
qualify row_number() over (
    partition by source
    order by (portal_766_verdict in ('late', 'overdue')) desc, received_at desc, dossier_code
) <= $limit
order by source, (portal_766_verdict in ('late', 'overdue')) desc, received_at desc, dossier_code
