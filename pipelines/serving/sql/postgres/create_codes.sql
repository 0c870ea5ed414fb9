-- Every agency that a row of this version is of.
create table {schema}.agency_codes (agency_code text primary key);
comment on table {schema}.agency_codes is 'Mọi mã cơ quan có trong bản này'
