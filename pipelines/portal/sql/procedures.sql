-- Procedures of a catalogue: text rows → rows of the lake. Columns that read one field each come from the contract.
with fields as ({{ fields }}),

cleaned as (
    select
        {{ carried }},
        {{ cleaned }},
        false as shifted
    from fields
),

parsed as (
    select
        *,
        padded_procedure(normal_code(MATTHC)) as procedure_code,
        flatten(list_transform(
            CACHTHUCTHUCHIEN,
            lambda x: list_transform(
                coalesce(x.THOIGIAN, []),
                lambda y: {
                    'channel': channel_code(nullif(trim(x.KENH), '')),
                    'amount': try_cast(replace(trim(y.THOIGIANGIAIQUYET), ',', '.') as double),
                    'unit': limit_unit(y.DONVITINH),
                    'text': concat_ws(' ', y.THOIGIANGIAIQUYET, y.DONVITINH)
                }
            )
        )) as all_limits,
        list_filter(
            flatten(list_transform(
                flatten(list_transform(CACHTHUCTHUCHIEN, lambda x: coalesce(x.THOIGIAN, []))),
                lambda y: list_transform(coalesce(y.PHILEPHI, []), lambda z: money(trim(z.SOTIEN)))
            )),
            lambda amount: amount is not null
        ) as fees
    from cleaned
),

read as (
    select
        *,
        list_filter(all_limits, lambda l: is_limit(l)) as good_limits,
        list_filter(all_limits, lambda l: trim(l.text) != '' and not is_limit(l))[1].text as unread_limit
    from parsed
)

select
    portion,
    row_number,
    is_record,
    kept_code(procedure_code) as procedure_code,
    procedure_key_of(kept_code(procedure_code)) as procedure_key,
    {{ columns }},
    kept_code_of(clean(LINHVUCTHUCHIEN[1].MALINHVUC)) as field_code,
    kept_name(clean(LINHVUCTHUCHIEN[1].TENLINHVUC)) as field_name,
    json_text(list_transform(good_limits, lambda l: {'channel': l.channel, 'amount': l.amount, 'unit': l.unit})) as limits,
    case when len(fees) > 0 then list_bool_or(list_transform(fees, lambda amount: amount != 0)) end as has_fee,
    bad_values_of(
        unread_limit is not null,
        [bad_value('THOIGIANGIAIQUYET', unread_limit, unread_limit is not null, false)]
    ) as bad_values
from read
