-- Latest name of every agency, by its code.
select agency_code, name from marts.dim_agency where is_latest order by agency_code
