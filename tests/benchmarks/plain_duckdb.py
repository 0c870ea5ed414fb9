"""What a user would write instead of this project: read the exports, keep the latest row per dossier, validate it under
form_ii06 as of the latest export, write a monthly mart and an overdue list. No checks, no history, no privacy.

    python plain_duckdb.py INBOX OUT
"""

import sys

import duckdb

inbox, out = sys.argv[1:3]
con = duckdb.connect(f"{out}/plain.duckdb", config={"threads": 2})
con.execute(f"""
create table dossiers as
select MaHoSo as code, split_part(MaHoSo, '-', 1) as agency, MaLinhVuc as field, KenhThucHien as channel,
    TrangThaiHoSo::int as status,
    try_strptime(NgayTiepNhan, '%Y%m%d%H%M%S') as received_at, try_strptime(NgayHenTra, '%Y%m%d%H%M%S') as due_at,
    try_strptime(NgayKetThucXuLy, '%Y%m%d%H%M%S') as ended_at, filename
from read_json('{inbox}/*/dossiers/*.ndjson', format = 'newline_delimited', filename = true, ignore_errors = true,
    columns = {{MaHoSo: 'VARCHAR', MaLinhVuc: 'VARCHAR', KenhThucHien: 'VARCHAR', TrangThaiHoSo: 'VARCHAR',
        NgayTiepNhan: 'VARCHAR', NgayHenTra: 'VARCHAR', NgayKetThucXuLy: 'VARCHAR'}})
qualify row_number() over (partition by MaHoSo order by filename desc) = 1
""")
con.execute("""
create table verdicts as
with clock as (select max(greatest(received_at, coalesce(ended_at, received_at))) as as_of from dossiers)
select dossiers.*, case
    when status in (9, 10) and due_at is null then 'on_time'
    when status in (9, 10) and ended_at::date < due_at::date then 'early'
    when status in (9, 10) and ended_at::date = due_at::date then 'on_time'
    when status in (9, 10) then 'late'
    when due_at is not null and as_of::date > due_at::date then 'overdue'
    else 'in_time' end as verdict
from dossiers, clock where received_at is not null and status not in (1, 3)
""")
con.execute("""
create table monthly as
select date_trunc('month', received_at) as month, agency, field, channel, verdict, count(*) as dossiers
from verdicts group by all
""")
con.execute("create table overdue as from verdicts where verdict = 'overdue' order by due_at")
con.close()
