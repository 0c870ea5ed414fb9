"""ZIP archives: members are read like files, one behind the other, straight out of the archive. Nothing is written.

What the directory of an archive says of its members is not believed: sizes are measured while reading.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections import Counter
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass, field
from typing import BinaryIO, cast

import pyarrow.compute as pc

from pipelines.bilingual import joined, prefixed
from pipelines.contract import Kind
from pipelines.masking import masked
from pipelines.portal.readers import encoding, formats
from pipelines.portal.readers.base import (
    MAX_MEMBERS,
    NO_HEADING,
    UNREADABLE,
    Attention,
    Content,
    FileFacts,
    FileRejected,
    Guarded,
    NotAnExport,
    Part,
    Reader,
)
from pipelines.portal.readers.headings import Heading
from pipelines.portal.readers.looks import CODE_IN_BYTES
from pipelines.portal.readers.parts import PART_SKIPPED
from pipelines.portal.text_rows import TextRows

MAGIC = (b"PK\x03\x04", b"PK\x05\x06")
#: Opens a member: (its content, its size in the archive, heading of the table before it) → reader.
OpenMember = Callable[[Content, int, Heading | None], Reader]

#: Bytes that the directory of an archive may have: more than MAX_MEMBERS with long names need.
_MAX_DIRECTORY = 8 * 1024 * 1024
_ENCRYPTED = 0x1 | 0x40 | 0x2000
_UTF8_NAME = 0x800
_LOCAL_HEADER = 30
#: The only methods that unpack into pieces of a bounded size.
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
#: Left behind by desktops: passed over without a word.
_SILENT = ("thumbs.db", "desktop.ini", "__macosx")
_MAX_NAME, _NAMES_SHOWN = 80, 3

_HELD = "có mã hồ sơ, không đọc được / holds dossier codes, not read"
_CORRUPT = "tệp ZIP bị cắt cụt hoặc hỏng / the ZIP file is truncated or corrupt"


def is_workbook(content: Content) -> bool:
    """Is this ZIP a workbook (xlsx, xlsm, xlsb, ods)? Raises FileRejected: no whole ZIP, another office document."""
    with _directory(content) as archive:
        # Some writers part their names as Windows does.
        names = {name.replace("\\", "/") for name in archive.namelist()}
        if "[Content_Types].xml" in names:
            if any(name.startswith("xl/") for name in names):
                return True
            folder = next((name.split("/")[0] for name in sorted(names) if name.startswith(("word/", "ppt/"))), "?")
            raise formats.not_an_export({"word": "Word (docx)", "ppt": "PowerPoint (pptx)"}.get(folder, "OOXML"))
        if "mimetype" in names and "content.xml" in names:
            if b"spreadsheet" in _beginning(archive, "mimetype"):
                return True
            raise formats.not_an_export("OpenDocument")
    return False


def open_archive(content: Content, kind: Kind, open_member: OpenMember) -> ArchiveReader:
    """The reader for a ZIP that lies in the drop zone (it must be seekable). Raises FileRejected: not whole, encrypted,
    too many members, a name that leads out of the archive, members that lie over each other."""
    archive = _directory(content)
    try:
        _check(archive)
    except FileRejected:
        archive.close()
        raise
    return ArchiveReader(archive, kind, open_member)


class _Bounded(io.RawIOBase):
    """A stream that gives no more than `limit` bytes at a time: a directory is read at once, whatever size it says."""

    def __init__(self, inner: BinaryIO) -> None:
        self._inner = inner
        self.limit: int | None = _MAX_DIRECTORY

    def seekable(self) -> bool:
        return True

    def readable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        return self._inner.seek(offset, whence)

    def tell(self) -> int:
        return self._inner.tell()

    def read(self, size: int = -1, /) -> bytes:
        if self.limit is not None and size > self.limit:
            raise FileRejected(UNREADABLE, _too_many())
        return self._inner.read(size)

    def close(self) -> None:
        self._inner.close()
        super().close()


def _directory(content: Content) -> zipfile.ZipFile:
    stream = _Bounded(content.opener())
    try:
        archive = zipfile.ZipFile(cast(BinaryIO, stream))
    except FileRejected:
        stream.close()
        raise
    except Exception as error:  # zipfile lets many kinds through on damaged bytes
        stream.close()
        raise FileRejected(UNREADABLE, _CORRUPT) from error
    stream.limit = None
    return archive


def _beginning(archive: zipfile.ZipFile, name: str) -> bytes:
    try:
        with archive.open(name) as member:
            return member.read(100)
    except Exception as error:
        raise FileRejected(UNREADABLE, _CORRUPT) from error


def _too_many() -> str:
    return f"hơn {MAX_MEMBERS} tệp trong ZIP / more than {MAX_MEMBERS} members in the ZIP"


def _check(archive: zipfile.ZipFile) -> None:
    members = archive.infolist()
    if len(members) > MAX_MEMBERS:
        raise FileRejected(UNREADABLE, _too_many())
    for info in members:
        if _leads_out(info.orig_filename):
            raise FileRejected(
                UNREADABLE,
                prefixed(f"{_name(info)}: ", "tên tệp trỏ ra ngoài tệp nén / a member's name leads out of the archive"),
            )
        if info.flag_bits & _ENCRYPTED:
            raise FileRejected(UNREADABLE, prefixed(f"{_name(info)}: ", "có mật khẩu / encrypted"))
        if info.compress_type not in _METHODS and not info.is_dir():
            raise FileRejected(
                UNREADABLE,
                f"{_name(info)}: kiểu nén {info.compress_type} không đọc được, hãy nén lại bằng Deflate"
                f" / {_name(info)}: compression method {info.compress_type} is not read, pack it again with Deflate",
            )
    end = archive.start_dir
    for info in sorted(members, key=lambda info: info.header_offset, reverse=True):
        if info.header_offset + _LOCAL_HEADER + info.compress_size > end:
            raise FileRejected(
                UNREADABLE, prefixed(f"{_name(info)}: ", "nằm chồng lên tệp khác / lies over another member")
            )
        end = info.header_offset


def _leads_out(name: str) -> bool:
    pieces = re.split(r"[/\\]", name)
    return "\0" in name or ".." in pieces or name.startswith(("/", "\\")) or bool(re.match(r"[A-Za-z]:", name))


def _name(info: zipfile.ZipInfo) -> str:
    """Name of a member as people know it, masked, without what disturbs a line of text."""
    name = info.orig_filename
    if not info.flag_bits & _UTF8_NAME:
        name = encoding.decode_name(name.encode("cp437", errors="replace"))
    text = "".join(c if c.isprintable() else "\ufffd" for c in name.replace("\\", "/"))
    text = masked(text)
    return text if len(text) <= _MAX_NAME else "…" + text[-_MAX_NAME:]


def _silent(info: zipfile.ZipInfo) -> bool:
    pieces = [piece for piece in re.split(r"[/\\]", info.orig_filename) if piece]
    return (
        info.is_dir()
        or info.orig_filename.endswith("\\")
        or any(piece.startswith((".", "~$")) or piece.lower() in _SILENT for piece in pieces)
    )


@dataclass
class ArchiveReader:
    """Rows of every member in the archive's order, numbered on from member to member (see Part)."""

    archive: zipfile.ZipFile
    kind: Kind
    open_member: OpenMember
    facts: FileFacts = field(default_factory=lambda: FileFacts("zip"))
    _formats: Counter[str] = field(default_factory=Counter, init=False)
    _encodings: dict[str, None] = field(default_factory=dict, init=False)
    _notes: dict[str, list[str]] = field(default_factory=dict, init=False)
    _attention: dict[Attention, list[str]] = field(default_factory=dict, init=False)

    def batches(self) -> Iterator[TextRows]:
        """See Reader. A member that is no export is noted and passed over when another one can be read."""
        before, first_fault = 0, None
        with self.archive:
            for info in self.archive.infolist():
                if _silent(info):
                    continue
                try:
                    before = yield from self._member(info, before)
                except FileRejected as fault:
                    named = type(fault)(fault.reason, prefixed(f"{_name(info)}: ", fault.detail))
                    if not (isinstance(fault, NotAnExport) or fault.reason == NO_HEADING):
                        raise named from fault
                    first_fault = first_fault or named
                    self._note(joined(["bỏ qua / passed over", fault.detail], ": "), info)
                    if isinstance(fault, NotAnExport):
                        self._take_likely(info, fault.likely)
                    if (isinstance(fault, NotAnExport) and fault.holds_codes) or self._holds_codes(info):
                        self._look_at(Attention(PART_SKIPPED, joined([_HELD, fault.detail], ": ")), info)
        self._add_notes()
        if not self._formats:
            raise first_fault or FileRejected(UNREADABLE, "không có tệp nào trong ZIP / there is no file in the ZIP")

    def _member(self, info: zipfile.ZipInfo, before: int) -> Generator[TextRows, None, int]:
        """Yields the member's rows; returns the last number given."""
        previous = self.facts.headings[-1][1] if self.facts.headings else None
        reader = self.open_member(self._content(info), info.compress_size, previous)
        last = before
        for rows in reader.batches():
            self.facts.envelope_agency = reader.facts.envelope_agency
            numbers = pc.add(rows.table["row_number"], before)
            last = numbers[-1].as_py() if len(numbers) else last
            place = rows.table.column_names.index("row_number")
            yield TextRows(rows.table.set_column(place, "row_number", numbers))
        self._take(info, reader.facts, before)
        return last

    def _content(self, info: zipfile.ZipInfo) -> Content:
        def opener() -> BinaryIO:
            try:
                member = self.archive.open(info)
            except Exception as error:  # zipfile lets many kinds through on damaged bytes
                raise FileRejected(UNREADABLE, _CORRUPT) from error
            return cast(BinaryIO, Guarded(cast(BinaryIO, member), packed=info.compress_size))

        return Content.of(opener)

    def _take(self, info: zipfile.ZipInfo, facts: FileFacts, before: int) -> None:
        """What is known of a member that has been read, into the facts of the file."""
        name = _name(info)
        # Rows of a document are numbered on through the file while they are made canonical.
        if not self.kind.document:
            self.facts.parts += [Part(f"{name}/{part.name}", before + part.before) for part in facts.parts] or [
                Part(name, before)
            ]
        self.facts.drift.update(facts.drift)
        self.facts.headings += [(f"{name}/{part}" if part else name, heading) for part, heading in facts.headings]
        self._take_likely(info, facts.likely)
        for note in facts.notes:
            self._note(note, info)
        for attention in facts.attention:
            self._look_at(attention, info)
        self._formats[facts.format] += 1
        self._encodings[facts.encoding] = None
        self.facts.format = f"zip ({', '.join(f'{count} {form}' for form, count in self._formats.items())})"
        self.facts.encoding = ", ".join(self._encodings)

    def _take_likely(self, info: zipfile.ZipInfo, likely: Sequence[tuple[str, Heading]]) -> None:
        name = _name(info)
        self.facts.likely += [(f"{name}/{part}" if part else name, heading) for part, heading in likely]

    def _note(self, note: str, info: zipfile.ZipInfo) -> None:
        self._notes.setdefault(note, []).append(_name(info))

    def _look_at(self, attention: Attention, info: zipfile.ZipInfo) -> None:
        self._attention.setdefault(attention, []).append(_name(info))

    def _holds_codes(self, info: zipfile.ZipInfo) -> bool:
        """Are there codes of dossiers at the beginning of a member that is passed over?"""
        return CODE_IN_BYTES.search(self._content(info).head) is not None

    def _add_notes(self) -> None:
        """One note for all members that it holds for."""
        self.facts.notes += [prefixed(f"{_several(names)}: ", note) for note, names in self._notes.items()]
        self.facts.attention += [
            Attention(one.rule_id, prefixed(f"{_several(names)}: ", one.detail))
            for one, names in self._attention.items()
        ]


def _several(names: list[str]) -> str:
    more = f" (+{len(names) - _NAMES_SHOWN})" if len(names) > _NAMES_SHOWN else ""
    return ", ".join(names[:_NAMES_SHOWN]) + more
