-- grain: source, file_sha256, row_number

select
    source,
    file_sha256,
    row_number,
    department_id,
    department_name,
    department_code,
    level,
    total_received,
    total_on_time,
    total_overdue,
    total_completed,
    avg_processing_days,
    ratio,
    score,
    max_score,
    score_delta,
    is_parent,
    file_name,
    file_path,
    exported_at,
    validation_seq
from {{ source('validated', 'portal_reports') }}
