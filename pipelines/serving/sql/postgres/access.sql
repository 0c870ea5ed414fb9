-- Who may see which agencies. Stands beside the versions, is kept by the administrator, and is never emptied here.
create schema if not exists {access};
create table if not exists {access}.agencies (
    reader name not null,
    agency_code text not null check (agency_code <> ''),
    primary key (reader, agency_code)
);
comment on table {access}.agencies is
'Vai trò nào được xem cơ quan nào: mã cơ quan (gồm cả các đơn vị bên dưới), hoặc * là tất cả';
comment on column {access}.agencies.reader is 'Tên vai trò (đăng nhập hoặc nhóm) trong PostgreSQL';
comment on column {access}.agencies.agency_code is 'Mã cơ quan, ví dụ H39.18; * là tất cả';
-- What the asking role may see: its codes of this version with those below, and * when it may see everything.
create view {schema}.visible as
with mine as (
    select agencies.agency_code
    from {access}.agencies
    inner join pg_roles on pg_roles.rolname = agencies.reader
    where pg_has_role(pg_roles.oid, 'member')
)

select codes.agency_code from {schema}.agency_codes as codes
where exists (select 1 from mine where starts_with(codes.agency_code || '.', mine.agency_code || '.'))
union all
select '*' from mine where mine.agency_code = '*';
comment on view {schema}.visible is
'Các mã cơ quan của bản này mà người đang hỏi được xem; * là được xem tất cả';
grant select on {schema}.visible to {reader}
