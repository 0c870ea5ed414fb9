"""What may be shown of a text that people wrote where no person belongs (portal-exports §7): the one place for it.

Names of files, folders, sheets, members and fields, remarks that quote them, and errors of libraries are masked here.
Values of rows never come to Python: the macros (portal/sql/macros/privacy.sql) mask them by the same PATTERNS, which
the SQL gets as variables. Cases of both: tests/data/masking.csv.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

#: A name that is shown may be so long.
MAX_NAME = 60

_UPPER = "A-ZÀÁẢÃẠĂẰẮẲẴẶÂẦẤẨẪẬÈÉẺẼẸÊỀẾỂỄỆÌÍỈĨỊÒÓỎÕỌÔỒỐỔỖỘƠỜỚỞỠỢÙÚỦŨỤƯỪỨỬỮỰỲÝỶỸỴĐ"
_LETTER = f"a-z{_UPPER}{_UPPER[3:].lower()}"
_WORD = f"[{_UPPER}][^ ,.;:()_-]*"

# Family names of more than 95 in 100 Vietnamese.
_FAMILIES = re.findall(
    r"\w+",
    "Nguyễn Trần Lê Phạm Hoàng Huỳnh Phan Vũ Võ Đặng Bùi Đỗ Hồ Ngô Dương Lý Trịnh Đinh Đoàn Lương Mai Trương Đào Vương"
    " Tạ Hà Tô Lâm Châu Quách Thái Cao Phùng Chu Triệu Kiều Lưu Nghiêm Hứa Tống Khổng Bạch Doãn Diệp Ninh Âu Cù Nông Lò"
    " Giàng Thào Vàng Sùng Lường Cầm Quàng Bế",
)
# The second word of a name, as most have it: beside a family name it makes one also without diacritics.
_MIDDLES = "VAN|THI|HUU|NGOC|QUOC|XUAN|MINH|THANH|KIM"
_MARKED_MIDDLES = "V[AĂ]N|TH[IỊ]|H[UỮ]U|NG[OỌ]C|QU[OỐ]C|XU[AÂ]N|MINH|THANH|KIM"
_FAMILY = "|".join(dict.fromkeys(f"{name}|{name.upper()}" for name in _FAMILIES))
_TITLE = (
    "ông|bà|anh|chị|cô|chú|bác|cháu|ông/bà|ông \\(bà\\)|đ/c|đồng chí|cán bộ|chuyên viên|công chức|viên chức|nhân viên"
)


def _folded(text: str) -> str:
    """The text without diacritics, as the SQL's strip_accents and its Đ → D make it. Case and length stay."""
    bare = "".join(unicodedata.normalize("NFD", c)[0] for c in unicodedata.normalize("NFC", text))
    return bare.replace("Đ", "D").replace("đ", "d")


# One or two of these may stand between the groups of a number.
_BETWEEN = "[ .,_/()x*A-Za-z–—-]{1,2}"
_YEARLESS = "(?:[013-9][0-9]{3}|2[1-9][0-9]{2}|20[4-9][0-9])"
_GROUPED = "|".join(
    (
        f"0[0-9]{{3}}{_BETWEEN}[0-9]{{3}}{_BETWEEN}[0-9]{{3}}",
        f"0[0-9]{{2}}{_BETWEEN}[0-9]{{3}}{_BETWEEN}[0-9]{{4}}",
        f"0[0-9]{{2}}{_BETWEEN}[0-9]{{4}}{_BETWEEN}[0-9]{{3}}",
        f"0[0-9]{{3}}{_BETWEEN}[0-9]{{2}}{_BETWEEN}[0-9]{{2}}{_BETWEEN}[0-9]{{2}}",
        f"0[0-9]{{2}}(?:{_BETWEEN}[0-9]{{3}}){{3}}",
        # identity numbers; a local code that has the year in its middle is none
        f"0[0-9]{{3}}{_BETWEEN}{_YEARLESS}{_BETWEEN}[0-9]{{4}}",
        f"[+]?84{_BETWEEN}[0-9]{{2,3}}{_BETWEEN}[0-9]{{3}}{_BETWEEN}[0-9]{{3,4}}",
    )
)
_CODE_FAMILY = "|".join(dict.fromkeys(_folded(name).upper() for name in _FAMILIES if name != "Đỗ"))
# Both ways to write a letter: NGUY[EỄ]N. DO THI without marks is a town, too.
_MARKED_FAMILY = "|".join(
    dict.fromkeys("".join(c if (f := _folded(c)) == c else f"[{f}{c}]" for c in name.upper()) for name in _FAMILIES)
).replace("[DĐ][OỖ]|", "ĐỖ|")

_GROUPED_PART = f"(^|[^0-9])(?:{_GROUPED})"
_TITLED_PART = (
    f"(^|[^{_LETTER}])((?i:{_TITLE})[ .:]{{1,2}})(?:{_FAMILY})(?: {_WORD}){{1,4}}"
    f"|(^|[^{_LETTER}])((?:ông|bà) )(?:[{_UPPER.replace('A-Z', 'A-LN-Z')}][^ ,.;:()_-]*|M[^ ,.;:()_ẹ-][^ ,.;:()_-]*)"
    f"(?: {_WORD}){{0,4}}"
)

#: Patterns that both `re` and DuckDB (RE2) understand; the SQL gets each as a variable of this name.
PATTERNS = {
    # an address of e-mail, however the @ is written
    "written_email": r"\S*[^\s@]@\S+|\S+ ?[(\[] ?(?i:at|a còng) ?[)\]] ?\S+",
    # in a name of a body or procedure: a telephone or identity number with something between its groups; somebody who
    # is called by a title ("điểm trả kết quả của bà Trần Thị B"); or a person's name and nothing else. What is to stay
    # is in groups 1 to 6, the last behind the person.
    "person_in_name": f"{_GROUPED_PART}([^0-9]|$)|{_TITLED_PART}"
    f"|^(?:{_FAMILY}) (?:Văn|Thị|VĂN|THỊ)(?: {_WORD}){{1,3}}$"
    f"|^(?i:(?:{_CODE_FAMILY})[ ._-]?(?:VAN|THI)[ ._-]?[a-z]+(?:[ ._-][a-z]+)?)$",
    # in a code: such a number, an address, or a name with a middle name that most have
    "person_in_code": f"[0-9]{{9,}}|@|[(](?i:at)[)]|{_GROUPED_PART}(?:[^0-9]|$)"
    f"|(?:^|[^{_LETTER}])(?i:(?:{_MARKED_FAMILY})[ ._-]{{0,2}}(?:{_MARKED_MIDDLES})"
    f"|DO[ ._-]{{0,2}}(?:VAN|HUU|QUOC|XUAN))[ ._-]{{0,2}}[{_LETTER}]",
}

_GROUPED_NUMBER = re.compile(f"(?<![0-9])(?:{_GROUPED})(?![0-9])")
_EMAIL = re.compile(PATTERNS["written_email"])
_TITLED = re.compile(_TITLED_PART)
# A number of 9 to 13 digits, but for the moment of an export (202405310800).
_LONG_NUMBER = re.compile(r"(?<!\d)(?!20\d\d[01]\d[0-3]\d[0-2]\d[0-5]\d(?!\d))\d{9,13}(?!\d)")
# A name of a person as files, sheets and fields are named after people: words with capitals and their marks, or a
# middle name beside the family name. Words that begin like a name and are none come first.
_NO_PERSON = (
    "Hồ Sơ|Hồ Chí Minh|Lý Do|Lý Lịch|Đào Tạo|Hà Nội|Hà Nam|Hà Giang|Hà Tĩnh|Thái Bình|Thái Nguyên|Cao Bằng|Ninh Bình"
    "|Ninh Thuận|Lâm Đồng|Bạch Mã|Mai Táng|Lương Hưu|Lương Tháng|Lưu Trữ|Lưu Ý|Châu Đốc|Châu Thành|Dương Lịch|Đoàn Thể"
    "|Đoàn Viên|Vũ Khí|Phan Thiết"
)
_NAMED = re.compile(
    f"(?P<no>(?<![{_LETTER}])(?:{_NO_PERSON}|{_NO_PERSON.upper()})(?![{_LETTER}]))"
    f"|(?<![{_LETTER}])(?:{_FAMILY})(?:[ ._-]{{1,2}}{_WORD}){{1,5}}"
)
_GAP = "[^a-z0-9]{0,2}"
_FOLDED_PERSON = re.compile(
    f"(?i:(?<![a-z])(?:(?:{_CODE_FAMILY}){_GAP}(?:{_MIDDLES})|do{_GAP}(?:van|huu|quoc|xuan))"
    f"{_GAP}[a-z]+(?:[ _-][a-z]{{1,7}}(?![a-z0-9]))?)"
)
# Text of a library: quoted values that are no identifier or path.
_QUOTED = re.compile(r"""(?<!\w)(?P<q>["'])(?!(?a:[\w./:=,*\[\]-]){1,200}(?P=q))[^"'\n]{1,500}(?P=q)(?!\w)""")
# Escapes of terminals, and what turns the order of the letters.
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def inert(text: str) -> str:
    """The text without characters that move a terminal's cursor, colour it or turn the order of the letters. Lines and
    tabs stay."""
    return _CONTROL.sub("\N{REPLACEMENT CHARACTER}", text)


@lru_cache(maxsize=100_000)  # the names of the drop zone are looked at again and again
def has_person(text: str) -> bool:
    """Would `masked` take anything out of this text?"""
    return masked(text) != inert(unicodedata.normalize("NFC", text))


def masked(text: str) -> str:
    """A name of a file, sheet or field, or a remark that quotes one, without what looks like a person's name, a
    telephone or identity number or an address of e-mail; NFC and inert."""
    shown = inert(unicodedata.normalize("NFC", text))
    shown = _EMAIL.sub(lambda found: "@" if len(found[0]) > 1 else found[0], shown)
    shown = _LONG_NUMBER.sub(lambda found: "#" * len(found[0]), shown)
    shown = _GROUPED_NUMBER.sub(lambda found: _hidden(found[0]), shown)
    shown = _TITLED.sub(_untitled, shown)
    shown = _NAMED.sub(lambda found: found[0] if found["no"] else _hidden(found[0]), shown)
    for found in _FOLDED_PERSON.finditer(_folded(shown)):
        shown = shown[: found.start()] + _hidden(shown[found.start() : found.end()]) + shown[found.end() :]
    return shown


def masked_name(name: str) -> str:
    """A name of a sheet, member or field: masked, its digits hidden when it has six or more, at most MAX_NAME long."""
    shown = masked(name)
    if sum(c.isdigit() for c in shown) >= 6:
        shown = "".join("#" if c.isdigit() else c for c in shown)
    return shown.replace("@", "#")[:MAX_NAME]


def masked_foreign(text: str) -> str:
    """A text written by a library: quoted values, long numbers and e-mail addresses are blanked, names masked."""
    shown = _QUOTED.sub("'***'", text)
    shown = re.sub(r"(?<![\w-])\d{9,}(?![\w-])", "***", shown)
    return masked(re.sub(r"[\w.+-]+@[\w-]+\.[\w.]+", "***", shown))


def _untitled(found: re.Match[str]) -> str:
    before, title = (found[1], found[2]) if found[2] else (found[3], found[4])
    return f"{before}{title}{_hidden(found[0][len(before) + len(title) :])}"


def _hidden(text: str) -> str:
    """Letters `x`, digits `#`."""
    return "".join("x" if c.isalpha() else "#" if c.isdigit() else c for c in text)
