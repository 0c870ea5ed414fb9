"""The format of a warehouse: what a release must know to write in it and to read its lake.

Whatever is older is brought up to date by itself: the lake's columns are read by name, a build by other rules or of
another shape is made again (warehouse/build.py), published versions stay as they are. Whatever is newer is refused: an
older release would leave out what it does not know. The number lies with the lake, which is what backups keep.
"""

from __future__ import annotations

from pipelines.files import write_whole
from pipelines.layout import Layout

#: Raised when an older release could no longer read what this one writes.
FORMAT = 1


class NewerWarehouseError(Exception):
    """A newer release has written in this warehouse. The message says what to do; nothing was touched."""

    def __init__(self, layout: Layout, found: int) -> None:
        super().__init__(
            f"Kho {layout.root} đã được một bản phần mềm mới hơn ghi (định dạng {found}, bản này chỉ biết {FORMAT});"
            " không có gì bị thay đổi. Hãy cài lại bản mới, hoặc khôi phục thư mục lake từ bản sao lưu có trước khi"
            " nâng cấp"
            f" / a newer release has written in the warehouse {layout.root} (format {found}, this one knows up to"
            f" {FORMAT}); nothing was changed. Install the newer one again, or restore the folder lake from the backup"
            " made before the upgrade"
        )


def found_format(layout: Layout) -> int:
    """The format of the lake; 0 when nobody has noted one, as releases before 29 November 2026."""
    try:
        return int(layout.format.read_text(encoding="ascii"))
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return 0


def require_known_format(layout: Layout) -> None:
    """Raise NewerWarehouseError when this release is too old for the warehouse."""
    found = found_format(layout)
    if found > FORMAT:
        raise NewerWarehouseError(layout, found)


def note_format(layout: Layout) -> None:
    """Called by whoever holds the lock and writes: from now on older releases keep out."""
    if found_format(layout) < FORMAT:
        write_whole(layout.format, f"{FORMAT}\n")
