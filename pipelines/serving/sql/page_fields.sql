-- Fields of administration.
select field_code, field_name from marts.dim_field order by field_code
