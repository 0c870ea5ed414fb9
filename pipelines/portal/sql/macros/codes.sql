-- Codes of dossiers, agencies and procedures (portal-exports §5). The one place that knows their forms.

-- NFC, no text mark in front, no spaces, zero-width or control characters, upper case, any dash → `-`; null when nothing is left
create or replace temp macro normal_code(t) as
    nullif(
        case
            when regexp_full_match(t, '[A-Z0-9._/-]*') then t
            else
                regexp_replace(
                    regexp_replace(upper(nfc_normalize(t)), '^[''’‘`´]+|[\s\p{Z}\p{Cf}\p{Cc}]', '', 'g'),
                    '[\p{Pd}\x{2212}\x{2043}]', '-', 'g'
                )
        end,
        ''
    );

-- canonical (new) form of a normal agency code: `000.01.18.H39` → `H39.18.01`; others as they are
create or replace temp macro canonical_agency(code) as
    case
        when regexp_full_match(code, '[0-9]{3}\.[0-9]{2}\.[0-9]{2}\.[A-Z][0-9]{2}')
            then
                array_to_string(
                    list_filter(list_reverse(string_split(code, '.')), lambda g: not regexp_full_match(g, '0+')), '.'
                )
        else code
    end;

-- the code of an agency that another row or the envelope names, as it may be kept: one that had to be hidden leads to no
-- agency, so that it is unknown
create or replace temp macro kept_agency_code(t) as
    list_transform(
        [kept_code_of(canonical_agency(normal_code(t)))], lambda code: case when not contains(code, '~') then code end
    )[1];

-- `old` | `new` | `other`, null without a code; of a normal dossier code
create or replace temp macro dossier_form(code) as
    case
        when regexp_full_match(code, '[A-Z][0-9]{2}(?:\.[0-9]{1,3}){0,4}-([0-9]{6})-([0-9]{4,6})') then 'new'
        when regexp_full_match(code, '[0-9]{3}\.[0-9]{2}\.[0-9]{2}\.[A-Z][0-9]{2}-([0-9]{6})-([0-9]{4,6})') then 'old'
        when code is not null then 'other'
    end;

-- the part of an old or new dossier code before the date (which such codes cannot hold a dash in)
create or replace temp macro dossier_agency_part(code) as
    split_part(code, '-', 1);

-- DATE: yyMMdd inside an old or new dossier code, null if there is no such day
create or replace temp macro dossier_date(code) as
    try_strptime('20' || split_part(code, '-', 2), '%Y%m%d')::date;

-- INTEGER: number of digits of the daily sequence of an old or new dossier code
create or replace temp macro dossier_digits(code) as
    length(split_part(code, '-', 3))::integer;

-- Excel has read the normal procedure code as a number and cut its last zeros off
create or replace temp macro is_unpadded_procedure(code) as
    coalesce(regexp_full_match(code, '[0-9]\.[0-9]{1,5}'), false);

-- a normal procedure code, six decimals restored (`1.00119` → `1.001190`)
create or replace temp macro padded_procedure(code) as
    case when is_unpadded_procedure(code) then rpad(code, 8, '0') else code end;

-- first eight characters of a padded procedure code; null for a code of another form (portal-exports §8: local codes)
create or replace temp macro procedure_key_of(code) as
    case
        when regexp_full_match(code, '[0-9]\.[0-9]{6}(?:\.[0-9]{3}\.[0-9]{2}\.[0-9]{2}\.[A-Z][0-9]{2})?') then left(code, 8)
    end;
