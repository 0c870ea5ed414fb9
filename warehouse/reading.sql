-- What queries on a published version share. Names of parameters must be no columns of the marts.

-- an agency, or one below it; every one when none is asked for
create or replace temp macro is_of(of_code, asked) as
    asked is null or of_code = asked or starts_with(of_code, asked || '.');
