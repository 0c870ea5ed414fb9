"""Every text of the command line, Vietnamese first, English second. Commands name texts by key."""

from __future__ import annotations

from typing import Any

from pipelines.contract import KINDS

LANGUAGES = ("vi", "en")

#: key → (Vietnamese, English). Places in braces are filled by name.
TEXTS: dict[str, tuple[str, str]] = {
    # ---- help ---------------------------------------------------------------------------------------------------
    "help.app": (
        "Đúng Hạn: hồ sơ nào được giải quyết đúng hạn, hồ sơ nào quá hạn, và vì sao.\n\n"
        "Mã kết thúc: 0 tốt; 3 đã công bố nhưng có tệp phải xem lại, có tệp hoặc dòng bị cách ly,"
        " hoặc chưa đưa được vào PostgreSQL; 1 không công bố; 2 sai lệnh hay cấu hình.",
        "Đúng Hạn: which dossiers were handled on time, which are overdue, and why.\n\n"
        "Exit status: 0 well; 3 published, files need a look, files or rows quarantined, or not brought to PostgreSQL;"
        " 1 not published; 2 wrong command or settings.",
    ),
    "help.lang": ("ngôn ngữ: vi hoặc en", "language: vi or en"),
    "help.drop_zone": (
        "thư mục (hoặc URL) nhận tệp kết xuất; được ưu tiên hơn DUNGHAN_DROP_ZONE",
        "folder (or URL) with the exports; wins over DUNGHAN_DROP_ZONE",
    ),
    "help.warehouse": (
        "thư mục kho dữ liệu; được ưu tiên hơn DUNGHAN_WAREHOUSE",
        "warehouse folder; wins over DUNGHAN_WAREHOUSE",
    ),
    "help.help": ("hiện phần trợ giúp này", "show this help"),
    "help.version": ("hiện phiên bản", "show the version"),
    "help.json": ("in JSON cho chương trình khác đọc", "print JSON for other programs"),
    "help.limit": ("số dòng nhiều nhất (0 = tất cả)", "at most so many lines (0 = all)"),
    "help.run": (
        "Nạp tệp mới, kiểm tra từng dòng, tính số liệu, đối soát và công bố.",
        "Load what is new, validate, build, audit and publish.",
    ),
    "help.as_of": (
        "thời điểm chốt số liệu, ví dụ 2024-05-31T23:59:59; chỉ ngày = cuối ngày đó; mặc định: lần kết xuất mới nhất",
        "moment at which figures are closed, e.g. 2024-05-31T23:59:59; a date alone = its end; default: latest export",
    ),
    "help.known_at": (
        "chỉ dùng tệp kết xuất đến thời điểm này; mặc định: tất cả",
        "use only exports up to this moment; default: all",
    ),
    "help.full_refresh": ("tính lại toàn bộ từ đầu", "build everything again from scratch"),
    "help.force": (
        "vẫn công bố dù bản mới có ít hồ sơ hơn hẳn bản cũ",
        "publish although the new version has far fewer dossiers",
    ),
    "help.status": (
        "Bản đang công bố, số liệu chính, lượt chạy cuối.",
        "The published version, its main figures, the last run.",
    ),
    "help.report": (
        "Ghi trang báo cáo: một tệp HTML xem được không cần mạng, in được.",
        "Write the report page: one HTML file that needs no network and prints well.",
    ),
    "help.report.agency": (
        "chỉ cơ quan này và các đơn vị trực thuộc, ví dụ H39.18",
        "only this agency and those below it, e.g. H39.18",
    ),
    "help.report.out": (
        "tệp ghi ra; mặc định: bao-cao.html trong thư mục hiện tại",
        "file to write; default: bao-cao.html in the current folder",
    ),
    "help.report.version": (
        "bản công bố này thay cho bản hiện tại (xem `dunghan versions`)",
        "this version instead of the current one (see `dunghan versions`)",
    ),
    "report.done": (
        "Đã ghi {path} ({kilobytes} kB, {seconds} giây)",
        "Wrote {path} ({kilobytes} kB, {seconds} s)",
    ),
    "help.ledger": ("Sổ nạp: từng tệp và số dòng của nó.", "The ledger: every file and what became of its rows."),
    "help.source": ("chỉ nguồn này, ví dụ dvcqg", "only this source, e.g. dvcqg"),
    "help.file_status": (
        "chỉ trạng thái này: loaded, duplicate, rejected",
        "only this status: loaded, duplicate, rejected",
    ),
    "help.quarantine": (
        "Dòng và tệp bị cách ly: ở đâu, vì sao, phải làm gì.",
        "Rows and files turned away: where, why, what to do.",
    ),
    "help.reason": ("chỉ lý do này, ví dụ REJ_BAD_DATE", "only this reason, e.g. REJ_BAD_DATE"),
    "help.file": ("chỉ tệp có tên chứa đoạn này", "only files whose name contains this"),
    "help.inspect": (
        "Xem một tệp (hay thư mục) được đọc ra sao, dòng nào bị loại và vì sao. Không nạp, không ghi gì.\n\n"
        "Mã kết thúc: 0 đọc được; 1 có tệp sẽ bị loại; 2 sai lệnh.",
        "See how a file (or folder) is read, which rows are rejected and why. Nothing is loaded or written.\n\n"
        "Exit status: 0 readable; 1 a file would be rejected; 2 wrong command.",
    ),
    "help.inspect.path": ("tệp hoặc thư mục", "file or folder"),
    "help.inspect.kind": (
        f"loại: {', '.join(KINDS)}; mặc định: theo đường dẫn hoặc nội dung",
        f"kind: {', '.join(KINDS)}; default: from the path or the content",
    ),
    "help.inspect.source": (
        "nguồn, để dùng các tiêu đề đã khai trong cấu hình; mặc định: theo đường dẫn",
        "source, for the headings of the configuration; default: from the path",
    ),
    "help.inspect.rows": ("số dòng đầu được in ra", "how many of the first rows to show"),
    "help.ledger.file": (
        "chi tiết (ghi chú, trang tính, tiêu đề lạ) của các tệp có tên chứa đoạn này",
        "details (notes, parts, unknown headings) of the files whose name contains this",
    ),
    "usage": ("Cách dùng: ", "Usage: "),
    "wrong.option": ("Không có tùy chọn {word}.", "There is no option {word}."),
    "wrong.command": ("Không có lệnh {word}.", "There is no command {word}."),
    "wrong.no_command": ("Thiếu lệnh.", "A command is missing."),
    "wrong.missing": ("Thiếu {word}.", "{word} is missing."),
    "wrong.extra": ("Thừa: {word}.", "Too much: {word}."),
    "wrong.no_value": ("{word} cần một giá trị.", "{word} needs a value."),
    "wrong.value": ("{word} không nhận giá trị.", "{word} takes no value."),
    "wrong.invalid": ("{word}: {why}.", "{word}: {why}."),
    "wrong.invalid_value": ("Giá trị không hợp lệ: {why}.", "Invalid value: {why}."),
    "wrong.integer": ("phải là số nguyên", "must be a whole number"),
    "wrong.number": ("phải là số", "must be a number"),
    "wrong.at_least": ("phải từ {0} trở lên", "must be {0} or more"),
    "wrong.at_most": ("phải từ {0} trở xuống", "must be {0} or less"),
    "wrong.day": ("không phải ngày, viết 31/05/2024 hoặc 2024-05-31", "no day; write 31/05/2024 or 2024-05-31"),
    "wrong.one_of": ("phải là {0}", "must be {0}"),
    "wrong.near": (" Gần giống: {near}.", " Near: {near}."),
    "wrong.help": ("Xem hướng dẫn: {command} --help", "Help: {command} --help"),
    "kind.options": ("[TÙY CHỌN]", "[OPTIONS]"),
    "kind.command": ("LỆNH …", "COMMAND …"),
    "help.csv": ("ghi CSV, mọi cột, cho chương trình khác đọc", "CSV with every column, for other programs"),
    "help.wide": ("mọi cột, mỗi dòng một hàng, rộng hơn màn hình", "every column, a line per row, wider than a screen"),
    "help.sample": (
        "Tạo tệp kết xuất mẫu (người và hồ sơ đều bịa) vào kho nhận.",
        "Make sample exports (invented people and dossiers) in the drop zone.",
    ),
    "help.sample.out": (
        "ghi vào OUT/inbox và OUT/truth; mặc định: kho nhận",
        "write to OUT/inbox and OUT/truth; default: the drop zone",
    ),
    "help.sample.preset": ("mẫu có sẵn: district", "preset: district"),
    "help.sample.dossiers": ("số hồ sơ", "number of dossiers"),
    "help.sample.nights": (
        "số đêm có thêm tệp kết xuất; nhiều hơn số ngày của kỳ thì kỳ bắt đầu sớm hơn",
        "nights of further exports; the period begins earlier when it has fewer days",
    ),
    "help.sample.seed": ("số khởi tạo ngẫu nhiên (cùng số cho cùng mẫu)", "random seed"),
    "help.sample.shape": (
        "dạng tệp: ndjson, json, zip, csv, csv-1258, xlsx, xlsx-report, xls, ods, html … ('?': xem tất cả);"
        " nhiều dạng, cách nhau bằng dấu phẩy: mỗi đêm một dạng",
        "shape of the files: ndjson, json, zip, csv, csv-1258, xlsx, xlsx-report, xls, ods, html … ('?': all);"
        " several, with commas between: every night takes the next",
    ),
    "help.sample.sender": (
        "tên nguồn (thư mục con); ghi nhiều lần: Cổng, rồi các hệ thống một cửa",
        "name of the source (subfolder); repeated: the portal, then one-stop systems",
    ),
    "help.sample.agency": ("mã cơ quan, ví dụ H39.18", "agency code, e.g. H39.18"),
    "help.sample.distort": (
        "kiểu sai lệch, dạng tên=tỷ lệ; có thể ghi nhiều lần",
        "distortion name=rate, may be repeated",
    ),
    "help.sample.bad": (
        "dòng hoặc tệp hỏng, dạng REJ_…=số lượng; có thể ghi nhiều lần",
        "bad rows or files REJ_…=number, may be repeated",
    ),
    "help.publish": (
        "Công bố lại số liệu của lần tính thành công gần nhất.",
        "Publish the last green build once more.",
    ),
    "help.publish.postgres": (
        "đưa bản đang công bố vào PostgreSQL này (không công bố lại); nên ghi mật khẩu ở ~/.pgpass hoặc trong cấu hình",
        "load the published version into this PostgreSQL (publishes nothing anew); keep the password in ~/.pgpass or"
        " in the settings",
    ),
    "postgres.loaded": (
        "Đã đưa bản {version} vào PostgreSQL, lược đồ {schema}: {tables} bảng, {rows} dòng, {seconds} giây",
        "Loaded version {version} into PostgreSQL, schema {schema}: {tables} tables, {rows} rows, {seconds} s",
    ),
    "postgres.left": (
        "Còn người đang đọc bản cũ hơn; lần nạp sau sẽ xóa: {schemas}",
        "Somebody still reads an older version; the next load removes it: {schemas}",
    ),
    "help.rollback": ("Quay lại một bản đã công bố.", "Go back to a published version."),
    "help.rollback.version": ("bản cần quay lại; mặc định: bản ngay trước", "the version; default: the one before"),
    "help.compact": (
        "Gộp các tệp nhỏ của kho để các lượt chạy đêm sau và lệnh explain vẫn nhanh; số liệu không đổi.",
        "Merge the lake's small files, so that nights and explain stay fast; figures do not change.",
    ),
    "help.versions": ("Các bản đang giữ.", "The versions that are kept."),
    "help.doctor.deep": (
        "Đọc toàn bộ kho, tệp dựng và các bản công bố để tìm tệp hỏng (lâu hơn).",
        "Read the whole lake, the build file and what is published to find damaged files (takes longer).",
    ),
    "help.doctor": (
        "Kiểm tra cài đặt, thư mục, khóa, ổ đĩa; nói phải làm gì.",
        "Check the installation, folders, key, disk; say what to do.",
    ),
    "help.explain": (
        "Giải thích một hồ sơ: các bản đã thấy, lịch, và vì sao đúng hạn hay quá hạn theo từng bộ quy tắc.",
        "Explain one dossier: the versions seen, the calendar, and why it is on time or late by each rule set.",
    ),
    "help.explain.code": ("mã hồ sơ, ví dụ H39.18.25-240531-0012", "the dossier's code, e.g. H39.18.25-240531-0012"),
    "help.explain.as_of": (
        "thời điểm chốt số liệu; mặc định: của bản đang công bố",
        "moment at which figures are closed; default: that of the published version",
    ),
    "help.explain.known_at": (
        "chỉ dùng tệp kết xuất đến thời điểm này; mặc định: của bản đang công bố",
        "use only exports up to this moment; default: that of the published version",
    ),
    "help.config": ("Cấu hình đang có hiệu lực (giấu khóa).", "The settings in force (secrets hidden)."),
    "panel.options": ("Tùy chọn", "Options"),
    "panel.arguments": ("Tham số", "Arguments"),
    "panel.commands": ("Lệnh", "Commands"),
    "panel.error": ("Lỗi", "Error"),
    "panel.default": ("[mặc định: {}]", "[default: {}]"),
    "panel.required": ("[bắt buộc]", "[required]"),
    "panel.daily": ("Hằng ngày", "Daily"),
    "panel.look": ("Xem xét", "Look"),
    "panel.office": ("Biểu, danh sách, văn bản", "Forms, lists, letters"),
    "panel.history": ("Lịch sử, bản công bố", "History, versions"),
    "panel.operate": ("Vận hành", "Operate"),
    "kind.text": ("CHỮ", "TEXT"),
    "kind.number": ("SỐ", "NUMBER"),
    "kind.path": ("ĐƯỜNG DẪN", "PATH"),
    "kind.day": ("NGÀY", "DAY"),
    # ---- common -------------------------------------------------------------------------------------------------
    "none": ("không có", "none"),
    "more": ("… còn nữa; dùng --limit 0 để xem tất cả", "… there is more; --limit 0 shows all"),
    "interrupted": (
        "Đã dừng theo yêu cầu. Bản đang công bố không đổi; chạy lại `dunghan run` để làm tiếp.",
        "Stopped as asked. The published version is unchanged; `dunghan run` again to go on.",
    ),
    "unexpected": (
        "Lỗi ngoài dự kiến: {error}\nở {place}\n"
        "Hãy chạy `dunghan doctor`; nếu lỗi còn, gửi hai dòng trên cho nhóm phát triển.",
        "Unexpected error: {error}\nat {place}\nRun `dunghan doctor`; if it stays, send these lines to the developers.",
    ),
    "header.version": ("Bản", "Version"),
    "header.as_of": ("Chốt lúc", "As of"),
    "header.known_at": ("Dữ liệu đến", "Known at"),
    "header.created_at": ("Tạo lúc", "Made at"),
    "header.dossiers": ("Hồ sơ", "Dossiers"),
    "header.current": ("Đang công bố", "Current"),
    "header.source": ("Nguồn", "Source"),
    "header.kind": ("Loại", "Kind"),
    "header.file": ("Tệp", "File"),
    "header.exported_at": ("Kết xuất lúc", "Exported at"),
    "header.status": ("Trạng thái", "Status"),
    "header.files": ("Tệp", "Files"),
    "header.rows_read": ("Dòng đọc", "Rows read"),
    "header.rows_accepted": ("Nhận", "Accepted"),
    "header.rows_quarantined": ("Cách ly", "Quarantined"),
    "header.reason": ("Lý do", "Reason"),
    "header.row": ("Dòng", "Row"),
    "header.values": ("Giá trị (đã che)", "Values (masked)"),
    "header.part": ("Trang/tệp con", "Part"),
    "header.format": ("Định dạng", "Format"),
    "header.rejected": ("Bị loại", "Rejected"),
    "header.column": ("Cột", "Column"),
    "header.heading": ("Tiêu đề", "Heading"),
    "header.field": ("Trường", "Field"),
    "header.state": ("Tình trạng", "State"),
    "header.attention": ("Xem lại", "Look at"),
    "header.guess": ("Đoán", "Guess"),
    "header.detail": ("Chi tiết", "Detail"),
    "header.count": ("Số lượng", "Count"),
    "header.meaning": ("Nghĩa là", "Meaning"),
    "header.advice": ("Phải làm gì", "What to do"),
    "header.setting": ("Mục", "Setting"),
    "header.value": ("Giá trị", "Value"),
    "header.check": ("Kiểm tra", "Check"),
    "header.result": ("Kết quả", "Result"),
    "status.loaded": ("đã nạp", "loaded"),
    "status.duplicate": ("trùng", "duplicate"),
    "status.rejected": ("bị loại", "rejected"),
    # ---- inspect and details of the ledger ----------------------------------------------------------------------
    "inspect.file": ("Tệp {path} (nguồn {source}, loại {kind})", "File {path} (source {source}, kind {kind})"),
    "inspect.format": (
        "Định dạng: {format}; bảng mã: {encoding}; kết xuất lúc {exported_at} ({origin})",
        "Format: {format}; encoding: {encoding}; exported at {exported_at} ({origin})",
    ),
    "exported_at_from.name": ("theo tên tệp", "from the file name"),
    "exported_at_from.mtime": ("theo giờ sửa tệp", "from the modification time"),
    "inspect.agency": ("Mã đơn vị ghi ở đầu tệp (madonvi): {agency}", "Agency of the envelope: {agency}"),
    "inspect.heading": ("Dòng tiêu đề: {rows}", "Heading rows: {rows}"),
    "inspect.parts": ("Trang tính hoặc tệp con: {parts}", "Sheets or members: {parts}"),
    "inspect.columns": ("Các cột", "Columns"),
    "inspect.likely": (
        "KHÔNG NHẬN RA dòng tiêu đề. Giống tiêu đề nhất: dòng {rows}",
        "NO HEADING was recognised. Most like one: row {rows}",
    ),
    "inspect.missing": (
        "Kể cả các cột đoán được, tiêu đề còn thiếu: {missing}",
        "With every guess the heading still lacks: {missing}",
    ),
    "inspect.more_columns": ("ít nhất {more} cột đã biết nữa", "at least {more} more known columns"),
    "inspect.enough": (
        "Nếu các cột đoán được là đúng, chép các dòng dưới đây vào dunghan.toml thì tệp sẽ đọc được.",
        "If the guesses are right, the lines below in dunghan.toml make the file readable.",
    ),
    "inspect.guess": ("có lẽ là {field} ({why})", "probably {field} ({why})"),
    "inspect.no_guess": ("chưa đoán được, xin xem: {values}", "cannot be told, please look: {values}"),
    "inspect.ignorable": ("có lẽ không cần: {values}", "probably not needed: {values}"),
    "guess.name": ("theo tên cột", "by its name"),
    "guess.values": ("theo giá trị", "by its values"),
    "guess.both": ("theo tên cột và giá trị", "by its name and values"),
    "look.code": ("giá trị là mã hồ sơ", "values are dossier codes"),
    "look.procedure": ("giá trị là mã thủ tục", "values are procedure codes"),
    "look.agency": ("giá trị là mã cơ quan", "values are agency codes"),
    "look.date": ("giá trị là ngày", "values are dates"),
    "look.status": ("giá trị là tình trạng", "values are words for a status"),
    "look.channel": ("giá trị là hình thức nộp", "values are ways of submitting"),
    "look.applicant": ("giá trị là loại người nộp", "values are kinds of applicants"),
    "look.list": ("ít giá trị khác nhau, lặp lại nhiều lần", "few different values, again and again"),
    "look.text": ("giá trị là chữ hoặc số", "values are texts or numbers"),
    "look.nothing": ("không có giá trị ở các dòng đầu", "no values in the first rows"),
    "inspect.synonyms": (
        'Tiêu đề lạ. Chép các dòng sau vào dunghan.toml và sửa nếu đoán sai (tên trường; "" = không cần cột này).'
        " Dòng có dấu # chưa có tác dụng: điền tên trường vào chỗ … rồi bỏ dấu #.",
        'Unknown headings. Copy these lines into dunghan.toml and correct wrong guesses (a field; "" = not needed).'
        " A line with # has no effect yet: put a field in place of … and take the # away.",
    ),
    "inspect.words": (
        "Từ lạ ở {field} (số dòng; (…) = không hiện vì có thể là tên người): {words}",
        "Unknown words of {field} (rows; (…) = hidden, may be a person's name): {words}",
    ),
    "inspect.word_lines": (
        "Nếu các từ này có nghĩa đã biết, chép vào dunghan.toml; điền mã vào chỗ … rồi bỏ dấu #:",
        "If these words mean something known, copy into dunghan.toml; put a code in place of … and take the # away:",
    ),
    "inspect.codes": ("Mã của {field}: {codes}", "Codes of {field}: {codes}"),
    "inspect.timeliness": (
        "Cột “{heading}” có chỗ ghi đúng hạn hay trễ hạn, đó không phải trạng thái hồ sơ. Muốn trạng thái được suy"
        ' ra từ ngày trả và ngày kết thúc: dưới [headings.{source}] ghi "{heading}" = ""',
        "Column “{heading}” says on time or late, which is no status. To have the status derived from the dates"
        ' of return and end: below [headings.{source}] put "{heading}" = ""',
    ),
    "inspect.unknown": ("Trường lạ (số dòng): {fields}", "Unknown fields (rows): {fields}"),
    "attention.title": (
        "PHẢI XEM LẠI (có dữ liệu trong tệp chưa được hiểu hết):",
        "ATTENTION (not all in these files was understood):",
    ),
    "inspect.attention": ("PHẢI XEM LẠI:", "ATTENTION:"),
    "attention.more": (
        "  … và {files} tệp nữa: xem cột “Xem lại” của `dunghan ledger`",
        "  … and {files} more files: see the column “Look at” of `dunghan ledger`",
    ),
    "attention.line": ("phải xem lại: {detail}", "attention: {detail}"),
    "inspect.notes": ("Ghi chú:", "Notes:"),
    "inspect.rows": ("Các dòng đầu, như sẽ được lưu", "The first rows as they would be stored"),
    "inspect.counts": (
        "{read} dòng đọc = {accepted} được nhận + {rejected} bị loại",
        "{read} rows read = {accepted} accepted + {rejected} rejected",
    ),
    "inspect.rejected": (
        "CẢ TỆP SẼ BỊ LOẠI: {reason} ({detail})",
        "THE WHOLE FILE WOULD BE REJECTED: {reason} ({detail})",
    ),
    "inspect.neighbours": (
        "  {field}: cột {column} “{heading}”; bên trái “{left}”, bên phải “{right}”",
        "  {field}: column {column} “{heading}”; left of it “{left}”, right of it “{right}”",
    ),
    "inspect.warnings": ("Cảnh báo (dòng vẫn được nhận)", "Warnings (the rows are kept)"),
    "inspect.reasons": ("Dòng bị loại", "Rejected rows"),
    "inspect.total": (
        "{files} tệp, {bad} sẽ bị loại; {read} dòng đọc = {accepted} được nhận + {rejected} bị loại",
        "{files} files, {bad} would be rejected; {read} rows read = {accepted} accepted + {rejected} rejected",
    ),
    "inspect.duplicate": ("trùng nội dung với tệp trước", "same content as an earlier file"),
    "inspect.empty": ("Không có tệp nào.", "There are no files."),
    "state.mapped": ("được đọc", "read"),
    "state.dropped": ("nhận ra, không lưu (dữ liệu cá nhân)", "known, not kept (personal data)"),
    "state.ignored": ("bỏ qua", "ignored"),
    "state.unknown": ("KHÔNG BIẾT", "UNKNOWN"),
    "state.ambiguous": ("TRÙNG với cột trước, không đọc", "AMBIGUOUS, an earlier column counts"),
    "state.shifted": ("CÓ LẼ BỊ LỆCH", "PROBABLY SHIFTED"),
    # ---- calendar -----------------------------------------------------------------------------------------------
    "help.calendar": (
        "Lịch làm việc: xem tháng, thêm ngày nghỉ hay ngày làm bù.",
        "The calendar: show a month, add a day off or a make-up day.",
    ),
    "help.calendar.show": (
        "Một tháng: ngày nào làm việc, vì sao, theo dòng nào.",
        "A month: which days are worked, why, and which row says so.",
    ),
    "help.calendar.month": ("tháng, ví dụ 2026-01", "month, e.g. 2026-01"),
    "help.calendar.scope": (
        "VN = cả nước, hoặc mã cấp 1 của một tỉnh, ví dụ H39",
        "VN = the whole country, or the level-1 code of a province, e.g. H39",
    ),
    "help.calendar.add": (
        "Thêm một dòng vào lịch của kho, sau khi cho xem bao nhiêu hồ sơ đổi theo.",
        "Add a line to the warehouse's calendar, after showing how many dossiers it changes.",
    ),
    "help.calendar.day": ("ngày, ví dụ 2026-09-04", "the day, e.g. 2026-09-04"),
    "help.calendar.kind": (
        "off = nghỉ, work = làm việc (làm bù), default = bỏ dòng đã thêm trước",
        "off = not worked, work = worked (make-up day), default = withdraw what was added before",
    ),
    "help.calendar.name": ('lý do, ví dụ "Nghỉ hoán đổi"', 'why, e.g. "Nghỉ hoán đổi"'),
    "help.calendar.source": ("căn cứ, ví dụ số công văn", "what it rests on, e.g. the number of the decree"),
    "help.calendar.yes": ("không hỏi lại", "do not ask"),
    "help.calendar.preview": ("chỉ xem, không thêm", "only show, add nothing"),
    "help.calendar.list": ("Mọi dòng đã thêm, theo bản sửa.", "Every line that was added, by revision."),
    "calendar.title": ("Lịch tháng {month} ({scope})", "Calendar of {month} ({scope})"),
    "calendar.worked": ("làm việc", "worked"),
    "calendar.free": ("nghỉ", "off"),
    "calendar.weekend": ("cuối tuần", "weekend"),
    "calendar.working_days": ("{number} ngày làm việc", "{number} working days"),
    "calendar.off": ("nghỉ", "off"),
    "calendar.work": ("làm việc", "work"),
    "calendar.default": ("bỏ dòng trước", "withdrawn"),
    "calendar.none": (
        "Kho này chưa thêm gì vào lịch; đang dùng lịch có sẵn.",
        "This warehouse adds nothing to the calendar; the seeds count.",
    ),
    "calendar.no_effect": (
        "Không ngày nào đổi: ngày đó vốn đã như vậy.",
        "No day changes: it is like that already.",
    ),
    "calendar.becomes_free": ("thành ngày nghỉ", "becomes a day off"),
    "calendar.becomes_worked": ("thành ngày làm việc", "becomes a working day"),
    "calendar.nothing_published": (
        "Chưa công bố gì, nên chưa biết hồ sơ nào đổi.",
        "Nothing is published, so it is not known which dossiers change.",
    ),
    "calendar.effect": (
        "Hồ sơ đang giải quyết sẽ đổi (so với bản công bố {version})",
        "Open dossiers that would change (against the published version {version})",
    ),
    "calendar.verdict_open": (
        "{rule_set}: {dossiers} hồ sơ đang giải quyết từ {verdict_before} sang {verdict_after}",
        "{rule_set}: {dossiers} open dossiers from {verdict_before} to {verdict_after}",
    ),
    "calendar.verdict_resolved": (
        "{rule_set}: {dossiers} hồ sơ đã giải quyết từ {verdict_before} sang {verdict_after}",
        "{rule_set}: {dossiers} resolved dossiers from {verdict_before} to {verdict_after}",
    ),
    "calendar.ask": (
        "Thêm vào lịch? Lần chạy tới sẽ tính lại mọi số liệu theo lịch mới",
        "Add it? The next run computes every figure again by the new calendar",
    ),
    "calendar.added": (
        "Đã thêm: bản sửa {revision} của lịch ({path}). Chạy `dunghan run` để tính lại.",
        "Added: revision {revision} of the calendar ({path}). `dunghan run` computes the figures again.",
    ),
    "calendar.not_added": ("Không thêm gì.", "Nothing was added."),
    "weekday.1": ("Thứ Hai", "Monday"),
    "weekday.2": ("Thứ Ba", "Tuesday"),
    "weekday.3": ("Thứ Tư", "Wednesday"),
    "weekday.4": ("Thứ Năm", "Thursday"),
    "weekday.5": ("Thứ Sáu", "Friday"),
    "weekday.6": ("Thứ Bảy", "Saturday"),
    "weekday.7": ("Chủ nhật", "Sunday"),
    "header.revision": ("Bản sửa", "Revision"),
    "header.day": ("Ngày", "Day"),
    "header.weekday": ("Thứ", "Weekday"),
    "header.worked": ("Làm việc", "Worked"),
    "header.why": ("Vì sao", "Why"),
    "header.place": ("Theo dòng", "Row"),
    "header.scope": ("Phạm vi", "Scope"),
    "header.provenance": ("Căn cứ", "Source"),
    "header.added_at": ("Thêm lúc", "Added at"),
    "header.in_force": ("Có hiệu lực", "In force"),
    "header.open_dossiers": ("Đang giải quyết", "Open"),
    "header.due_bucket": ("Đổi nhóm sắp đến hạn", "Other due bucket"),
    "header.working_days_overdue": ("Đổi số ngày quá hạn", "Other days overdue"),
    "header.verdict": ("Đổi kết luận", "Other verdict"),
    "header.resolved_restated": ("Đã giải quyết, tính lại", "Resolved, restated"),
    "header.definitions": ("Định nghĩa", "Definitions"),
    "header.rule_set": ("Bộ quy tắc", "Rule set"),
    "header.agency": ("Cơ quan", "Agency"),
    "header.name": ("Tên", "Name"),
    # ---- distortions --------------------------------------------------------------------------------------------
    "help.distortions": (
        "Sai lệch do hệ thống gửi gây ra, theo cơ quan và tháng; nghĩa là gì, hỏi ai.",
        "What senders do to the data, by agency and month; what it means, whom to ask.",
    ),
    "help.distortions.agency": (
        "chỉ cơ quan này và các cơ quan dưới nó, ví dụ H39.18",
        "only this agency and those below it, e.g. H39.18",
    ),
    "help.distortions.month": ("chỉ tháng tiếp nhận này, ví dụ 2024-05", "only this month of reception, e.g. 2024-05"),
    "distortions.none": ("Không thấy sai lệch nào.", "No distortion was found."),
    "header.month": ("Tháng", "Month"),
    "header.distortion": ("Sai lệch", "Distortion"),
    "header.share": ("Tỷ lệ", "Share"),
    "header.examples": ("Ví dụ", "Examples"),
    "header.whom_to_ask": ("Hỏi ai", "Whom to ask"),
    # ---- reconcile ----------------------------------------------------------------------------------------------
    "help.config_file": (
        "tệp cấu hình (mặc định: DUNGHAN_CONFIG, rồi dunghan.toml trong thư mục đang đứng, rồi trong thư mục cài đặt)",
        "file of settings (default: DUNGHAN_CONFIG, then dunghan.toml in the working folder, then in the project's)",
    ),
    "help.config.template": (
        "in ra một dunghan.toml có chú thích, mọi mục ở giá trị mặc định",
        "print a commented dunghan.toml with every setting at its default",
    ),
    "config.file": ("Tệp cấu hình: {path}", "File of settings: {path}"),
    "config.no_file": (
        "Không có tệp cấu hình; tạo bằng `dunghan config --template > dunghan.toml`.",
        "There is no file of settings; make one with `dunghan config --template > dunghan.toml`.",
    ),
    "config.template": (
        "Cấu hình của Đúng Hạn: bỏ dấu # ở mục muốn đổi. Tham số dòng lệnh thắng biến DUNGHAN_*, biến thắng tệp này.",
        "Settings of Đúng Hạn: take the # away where you change something. Flags win over DUNGHAN_*, those over this.",
    ),
    "header.from": ("Từ", "From"),
    "from.flag": ("dòng lệnh", "flag"),
    "from.environment": ("biến môi trường", "environment"),
    "from.file": ("tệp", "file"),
    "from.default": ("mặc định", "default"),
    "unknown_word": (
        "không có “{word}”; gần giống hoặc đang có: {near}",
        "there is no “{word}”; near, or there are: {near}",
    ),
    "ledger.none": ("Không có tệp nào như vậy.", "There is no such file."),
    "unknown_month": ("“{word}” không phải tháng; viết như 2024-05", "“{word}” is no month; write it like 2024-05"),
    "help.service": (
        "Viết tệp systemd (chạy đêm, dịch vụ nền và trang web của Dagster) và dòng crontab, với đường dẫn đầy đủ.",
        "Write units of systemd (nightly run, Dagster's daemon and web page) and a crontab line, with whole paths.",
    ),
    "help.service.out": ("thư mục để viết", "folder to write to"),
    "help.service.user": ("tài khoản chạy các dịch vụ (mặc định: tài khoản này)", "who they run as (default: you)"),
    "service.next": (
        "Cài: sudo cp {folder}/*.service {folder}/*.timer /etc/systemd/system/ && sudo systemctl daemon-reload"
        " && sudo systemctl enable --now dunghan.timer",
        "Install: sudo cp {folder}/*.service {folder}/*.timer /etc/systemd/system/ && sudo systemctl daemon-reload"
        " && sudo systemctl enable --now dunghan.timer",
    ),
    "help.log": (
        "Các lượt chạy gần đây: kết quả, số dòng, mỗi bước mất bao lâu, lỗi gì.",
        "The last runs: how they ended, rows, how long each step took, what went wrong.",
    ),
    "header.started": ("Bắt đầu", "Started"),
    "header.outcome": ("Kết quả", "Outcome"),
    "header.steps": ("Các bước", "Steps"),
    "run.steps": ("Các bước: {steps}", "Steps: {steps}"),
    "help.digest": (
        "Bản tin sau lượt chạy gần nhất: mới quá hạn, sắp đến hạn, thư xin lỗi, chờ tiếp nhận, tệp phải xem lại.",
        "The digest after the last run: newly overdue, due soon, letters of apology, waiting, files to look at.",
    ),
    "help.reconcile": (
        "Đối soát: số của Cổng bên cạnh số của ta, và hai hệ thống với nhau; mỗi chênh lệch gồm những phần nào.",
        "Reconciliation: the portal's figures beside ours, and the two systems; what each difference is made of.",
    ),
    "help.reconcile.period": (
        "chỉ báo cáo đến tháng (năm) này và hồ sơ tiếp nhận trong đó, ví dụ 2024-05 hoặc 2024",
        "only reports up to this month (year) and dossiers received in it, e.g. 2024-05 or 2024",
    ),
    "reconcile.report": (
        "{place}: kỳ {period} (báo cáo {file}, lấy lúc {taken})",
        "{place}: period {period} (report {file}, taken at {taken})",
    ),
    "reconcile.no_reports": (
        "Chưa có báo cáo nào của Cổng cho cơ quan, kỳ này (thư mục <nguồn>/portal_reports).",
        "There is no portal report of this agency and period (folder <source>/portal_reports).",
    ),
    "reconcile.no_systems": (
        "Không có gì để đối soát giữa hai hệ thống: cần hồ sơ của cả motcua và dvcqg.",
        "Nothing to reconcile between the systems: dossiers of both motcua and dvcqg are needed.",
    ),
    "reconcile.systems": ("Hệ thống một cửa (motcua) và Cổng (dvcqg)", "One-stop system (motcua) and portal (dvcqg)"),
    "reconcile.dossiers": ("Hồ sơ khác nhau giữa hai hệ thống", "Dossiers that differ between the systems"),
    "reconcile.only_portal": (
        "Chỉ có trên Cổng, theo thủ tục (không phải lỗi: có thủ tục chạy trên hệ thống của bộ, ngành)",
        "Only on the portal, by procedure (no fault: some procedures run on ministry systems)",
    ),
    "reconcile.presence.only_local": ("chưa đồng bộ lên Cổng", "not synchronised to the portal"),
    "reconcile.presence.only_portal": ("chỉ có trên Cổng", "only on the portal"),
    "reconcile.differs.status": ("khác trạng thái", "status differs"),
    "reconcile.differs.received": ("khác ngày tiếp nhận", "reception differs"),
    "reconcile.differs.due": ("khác ngày hẹn trả", "due date differs"),
    "reconcile.differs.end": ("khác thời điểm kết thúc", "end differs"),
    "reconcile.differs.agency": ("khác cơ quan", "agency differs"),
    "reconcile.delayed": ("lên Cổng chậm {hours} giờ", "on the portal {hours} hours late"),
    "reconcile.figure.total_received": ("Tiếp nhận", "Received"),
    "reconcile.figure.total_on_time": ("Đúng hạn", "On time"),
    "reconcile.figure.total_overdue": ("Quá hạn", "Overdue"),
    "reconcile.figure.total_completed": ("Đã giải quyết", "Completed"),
    "reconcile.figure.avg_processing_days": ("Số ngày trung bình", "Average days"),
    "reconcile.figure.ratio": ("Tỷ lệ đúng hạn (%)", "On time (%)"),
    "reconcile.figure.score": ("Điểm (tối đa 20)", "Points (of 20)"),
    "reconcile.part.not_synchronised": ("chưa đồng bộ", "not synchronised"),
    "reconcile.part.only_on_portal": ("chỉ có trên Cổng", "only on the portal"),
    "reconcile.part.agency_differs": ("khác cơ quan", "agency differs"),
    "reconcile.part.dates_or_status_differ": ("khác ngày hoặc trạng thái", "dates or status differ"),
    "reconcile.part.two_requests": ("cách đọc bổ sung từ hai lần", "reading of two or more requests"),
    "reconcile.part.changed_after_report": ("thay đổi sau khi lấy báo cáo", "changed after the report"),
    "reconcile.part.unexplained": ("chưa rõ", "unexplained"),
    "header.figure": ("Con số", "Figure"),
    "header.dossier": ("Hồ sơ", "Dossier"),
    "header.procedure": ("Thủ tục", "Procedure"),
    "header.portal": ("Cổng", "Portal"),
    "header.of_portal_export": ("Ta, theo dvcqg", "Ours of dvcqg"),
    "header.of_local": ("Ta, theo motcua", "Ours of motcua"),
    "header.difference": ("Chênh lệch", "Difference"),
    "header.made_of": ("Gồm", "Made of"),
    "header.in_both": ("Cả hai", "In both"),
    "header.identical": ("Giống nhau", "Alike"),
    "header.only_local": ("Chưa đồng bộ", "Only local"),
    "header.only_portal": ("Chỉ trên Cổng", "Only portal"),
    "header.status_differs": ("Khác trạng thái", "Status"),
    "header.received_differs": ("Khác tiếp nhận", "Received"),
    "header.due_differs": ("Khác hẹn trả", "Due"),
    "header.end_differs": ("Khác kết thúc", "End"),
    "header.agency_differs": ("Khác cơ quan", "Agency"),
    "header.delayed": ("Lên Cổng chậm", "Late"),
    # ---- figures ------------------------------------------------------------------------------------------------
    "figures.title": (
        "Số liệu chốt lúc {as_of} (biểu II.06, năm {period}, mọi cơ quan)",
        "Figures as of {as_of} (form II.06, year {period}, all agencies)",
    ),
    "figures.none": ("Chưa có số liệu nào cho năm này.", "There are no figures for this year."),
    "figures.received": ("Hồ sơ đã nhận", "Dossiers received"),
    "figures.received_online": ("  trong đó trực tuyến", "  of which online"),
    "figures.carried_over": ("  kỳ trước chuyển qua", "  carried over from before"),
    "figures.resolved": ("Đã giải quyết", "Resolved"),
    "figures.early": ("  trước hạn", "  early"),
    "figures.on_time": ("  đúng hạn", "  on time"),
    "figures.late": ("  quá hạn", "  late"),
    "figures.pending_in_time": ("Đang giải quyết, trong hạn", "Pending, in time"),
    "figures.pending_overdue": ("Đang giải quyết, quá hạn", "Pending, overdue"),
    "figures.digitised_input": ("Số hóa đầu vào", "Input digitised"),
    "figures.digitised_output": ("Số hóa đầu ra", "Output digitised"),
    # ---- run ----------------------------------------------------------------------------------------------------
    "run.published": ("Đã công bố bản {version}", "Published version {version}"),
    "run.definitions": (
        "Định nghĩa {version}: có lịch riêng của kho (`dunghan calendar list`)",
        "Definitions {version}: with the warehouse's own calendar (`dunghan calendar list`)",
    ),
    "run.kept": (
        "Không có gì mới; bản đang công bố vẫn đúng: {version}",
        "Nothing new; the published version still holds: {version}",
    ),
    "run.failed": ("KHÔNG công bố bản mới", "NOT published"),
    "run.new_warehouse": (
        "Kho mới ở {path}. Nếu đã có kho từ trước, đường dẫn này sai: hãy dừng lại, xem `dunghan config`.",
        "A new warehouse at {path}. If there is one already, this path is wrong: stop, and see `dunghan config`.",
    ),
    "run.mended": ("Đã tự sửa: {what}", "Mended: {what}"),
    "run.failed.why": (
        "Bản đang công bố (nếu có) vẫn giữ nguyên. Xem docs/runbooks/vi/nightly-failed.md;"
        " `dunghan doctor` kiểm tra máy.",
        "The version before (if any) stays. See docs/runbooks/nightly-failed.md; `dunghan doctor` checks the machine.",
    ),
    "run.ledger": (
        "Lượt này: {files} tệp, {read} dòng đọc = {accepted} nhận + {quarantined} cách ly",
        "This run: {files} files, {read} rows read = {accepted} accepted + {quarantined} quarantined",
    ),
    "run.nothing": ("Lượt này: không có tệp mới", "This run: no new files"),
    "run.quarantine": (
        "Bị cách ly (xem từng dòng: `dunghan quarantine`)",
        "Quarantined (row by row: `dunghan quarantine`)",
    ),
    "run.rejected_files": ("Tệp bị loại", "Files rejected"),
    "run.where": ("Dữ liệu công bố: {path}", "Published marts: {path}"),
    "run.elapsed": ("Mất {seconds} giây", "Took {seconds} seconds"),
    "run.working": ("đang chạy", "working"),
    # ---- status -------------------------------------------------------------------------------------------------
    "status.nothing": ("Chưa công bố bản nào; hãy chạy `dunghan run`.", "Nothing is published yet; run `dunghan run`."),
    "status.published": ("Đang công bố: bản {version}", "Published: version {version}"),
    "status.known_at": ("Chỉ dùng tệp kết xuất đến {known_at}", "Only exports up to {known_at} are used"),
    "status.running": (
        "Đang có một lượt chạy (pid {pid}, từ {since})",
        "A run is on (pid {pid}, since {since})",
    ),
    "status.last_run": ("Lượt chạy cuối: {outcome}, bắt đầu {started}", "Last run: {outcome}, started {started}"),
    "status.never_run": ("Chưa chạy lần nào", "It never ran"),
    "status.age": ("Lần chạy tốt gần nhất: {hours} giờ trước", "Last good run: {hours} hours ago"),
    "health.ok": ("Tình trạng: tốt", "State: well"),
    "health.look": (
        "Tình trạng: đã công bố, có việc phải xem lại (mã 3): {reasons}",
        "State: published, needs a look (status 3): {reasons}",
    ),
    "health.bad": ("Tình trạng: có lỗi (mã 1): {reasons}", "State: not well (status 1): {reasons}"),
    "reason.nothing_published": ("chưa công bố gì", "nothing is published"),
    "reason.published_damaged": ("bản công bố bị hỏng", "what is published is damaged"),
    "reason.last_run_failed": ("lượt chạy cuối hỏng", "the last run failed"),
    "reason.last_run_killed": ("lượt chạy cuối bị dừng giữa chừng", "the last run was killed half-way"),
    "reason.unusual": ("số liệu gửi đến khác thường", "unusual input"),
    "reason.source_silent": ("có nguồn im lặng quá lâu", "a source is silent for too long"),
    "reason.attention": ("có tệp phải xem lại", "a file needs a look"),
    "reason.notes": ("việc sau lượt chạy chưa xong", "something after the run went wrong"),
    "reason.missing": ("thiếu phần kèm theo bản công bố", "something beside the figures is missing"),
    "reason.undelivered": ("chưa đưa được bản công bố đến nơi nhận", "the version did not get to where it is sent"),
    "run.anomaly": ("Khác thường: {text}", "Unusual: {text}"),
    "reason.backfill_unfinished": ("có đợt nạp lịch sử chưa xong", "a backfill did not finish"),
    "status.backfill": (
        "Nạp lịch sử từ {first} đến {last} bị dừng giữa chừng; chạy lại: dunghan backfill --from {first} --to {last}",
        "The backfill from {first} to {last} did not finish; again: dunghan backfill --from {first} --to {last}",
    ),
    "reason.stale": ("đã quá lâu chưa có lượt chạy tốt", "no good run for too long"),
    "outcome.published": ("đã công bố", "published"),
    "outcome.kept": ("không có gì mới", "nothing new"),
    "outcome.partial": ("chạy một phần, không công bố", "partial, not meant to publish"),
    "outcome.failed": ("hỏng, không công bố", "failed, not published"),
    "outcome.running": ("đang chạy, hoặc đã bị dừng giữa chừng", "running, or killed half-way"),
    # ---- other commands -----------------------------------------------------------------------------------------
    "quarantine.none": ("Không có dòng hay tệp nào bị cách ly.", "No row or file was turned away."),
    "publish.red": ("Kiểm tra không đạt, không công bố:", "The audit is red, nothing was published:"),
    "rollback.done": ("Đã quay lại bản {version} (chốt lúc {as_of})", "Went back to version {version} (as of {as_of})"),
    "sample.taken": (
        "Kho nhận {path} đã có tệp; không ghi thêm mẫu vào. Hãy chỉ ra thư mục khác: `dunghan sample THƯ_MỤC`",
        "The drop zone {path} holds files already; no sample goes there. Name another folder: `dunghan sample FOLDER`",
    ),
    "sample.done": ("Đã tạo {files} tệp trong {path}", "Made {files} files in {path}"),
    # ---- explain ------------------------------------------------------------------------------------------------
    "explain.unknown": (
        "Không tệp nào đã nạp có hồ sơ {code} (bản {version}).",
        "No export that was loaded has the dossier {code} (version {version}).",
    ),
    "explain.nearest": ("Các mã gần giống:", "The nearest codes:"),
    "explain.title": ("Hồ sơ {code}", "Dossier {code}"),
    "explain.pair": (
        "Chốt {as_of}, dùng tệp kết xuất đến {known_at} (bản {version})",
        "As of {as_of}, from exports up to {known_at} (version {version})",
    ),
    "explain.no_limit": ("lần mới nhất", "the latest"),
    "explain.source": ("Nguồn {source}", "Source {source}"),
    "explain.agency": ("Cơ quan", "Agency"),
    "explain.procedure": ("Thủ tục", "Procedure"),
    "explain.field": ("Lĩnh vực", "Field"),
    "explain.channel": ("Kênh thực hiện", "Channel"),
    "explain.status": ("Trạng thái được gửi", "Status as sent"),
    "explain.state": ("Tình trạng lúc chốt", "State at that moment"),
    "explain.statutory": ("Thời hạn theo quy định", "Statutory maximum"),
    "explain.verdicts": ("Kết luận theo từng bộ quy tắc", "Verdict by each rule set"),
    "explain.duties": ("Việc phải làm tiếp", "What must be done next"),
    "explain.promise": ("Ngày đã hẹn với công dân", "What the citizen was promised"),
    "explain.promise.first": ("Hẹn lần đầu: {due}", "First date: {due}"),
    "explain.promise.moved": (
        "dời sang {due} (thấy trong bản kết xuất {seen}): {why}",
        "moved to {due} (seen in the export of {seen}): {why}",
    ),
    "explain.promise.justified": (
        "có lý do, công dân đã bổ sung giấy tờ {answered}",
        "justified, the citizen supplied papers at {answered}",
    ),
    "explain.promise.unjustified": (
        "hẹn lại, không do công dân bổ sung giấy tờ",
        "a re-appointment, not because of papers from the citizen",
    ),
    "explain.promise.earlier": ("hẹn sớm hơn", "an earlier date"),
    "explain.promise.kept": (
        "Ngày hẹn được tính theo bộ quy tắc “Lần hẹn đầu tiên”: {due}; số lần hẹn lại: {n}",
        "Date that counts by the rule set first_appointment: {due}; re-appointments: {n}",
    ),
    "explain.clock": ("Cách đếm ngày", "How the days were counted"),
    "explain.until_due": ("Từ tiếp nhận đến hạn", "From reception to the deadline"),
    "explain.until_end": ("Từ tiếp nhận đến khi kết thúc hoặc chốt", "From reception to the end or the closing"),
    "explain.overdue_days": ("Quá hạn ({rule_sets})", "Overdue ({rule_sets})"),
    "explain.span": (
        "{title}: sau {after} đến {upto}: {days} ngày = {working} làm việc + {weekends} cuối tuần + {off} ngày nghỉ",
        "{title}: after {after} up to {upto}: {days} days = {working} working + {weekends} of weekends + {off} off",
    ),
    "explain.day_off": ("nghỉ {day}: {name} ({origin})", "off {day}: {name} ({origin})"),
    "explain.make_up": ("làm bù {day}: {name} ({origin})", "worked {day}: {name} ({origin})"),
    "explain.origin.holidays": ("lịch nghỉ lễ kèm chương trình: holidays.csv", "the frozen holidays: holidays.csv"),
    "explain.origin.calendar_overrides": (
        "phần bổ sung kèm chương trình: calendar_overrides.csv",
        "an override: calendar_overrides.csv",
    ),
    "explain.origin.calendar": ("lịch của kho này: calendar.csv", "this warehouse's calendar: calendar.csv"),
    "explain.requests": ("Yêu cầu bổ sung giấy tờ", "Requests for papers"),
    "explain.pauses": ("Thời gian tạm dừng (biểu II.06)", "Pauses of the clock (form II.06)"),
    "explain.still_open": ("chưa xong lúc chốt", "open at that moment"),
    "explain.from.list": ("theo danh sách bổ sung", "from the list of requests"),
    "explain.from.events": ("theo tiến độ xử lý", "from progress events"),
    "explain.from.status": ("theo trạng thái", "from the status"),
    "explain.events": ("Tiến độ xử lý", "Progress events"),
    "explain.events_later": ("* sau thời điểm chốt, không tính", "* after the moment of closing, does not count"),
    "explain.column.event_at": ("Lúc", "At"),
    "explain.column.status": ("Trạng thái", "Status"),
    "explain.column.unit": ("Bộ phận", "Unit"),
    "explain.column.officer": ("Cán bộ (mã)", "Officer (key)"),
    "explain.column.file": ("Tệp", "File"),
    "explain.steps": (
        "Thời gian làm việc của từng bước (giờ hành chính; không phải căn cứ quy trách nhiệm)",
        "Working time of each step (office hours; no ground for blaming anyone)",
    ),
    "explain.citizen": (" (thời gian của công dân)", " (the citizen's time)"),
    "explain.column.entered": ("Từ", "From"),
    "explain.column.left": ("Đến", "Until"),
    "explain.column.working": ("Giờ làm việc", "Working time"),
    "explain.column.norm": ("Hạn của bước", "Due by"),
    "explain.versions": ("Các bản đã thấy", "Versions seen"),
    "explain.version": ("Bản {n}, từ {since}: {where}", "Version {n}, from {since}: {where}"),
    "explain.used": (" ← đang dùng", " ← in use"),
    "explain.place": ("{file}{part}, dòng {row}", "{file}{part}, row {row}"),
    "explain.part": (", phần “{part}”", ", part “{part}”"),
    "explain.unchanged": (
        "gửi lại y nguyên {rows} lần, lần cuối {last}",
        "sent again unchanged {rows} times, the last {last}",
    ),
    "explain.superseded": (
        "{rows} dòng của cùng lần kết xuất đã được dòng sau thay thế",
        "{rows} rows of the same export superseded by a later row",
    ),
    "explain.quarantined": ("Dòng bị cách ly", "Quarantined rows"),
    "explain.flags": ("Cảnh báo", "Warnings"),
    "explain.gaps": ("Điều chưa rõ, hoặc đã biết nhưng không dùng", "What is not known, or not used"),
    "doctor.good": ("Mọi thứ đều tốt.", "All is well."),
    "doctor.bad": ("{number} mục phải sửa.", "{number} things need fixing."),
    "result.ok": ("tốt", "ok"),
    "result.warn": ("chú ý", "note"),
    "result.fail": ("HỎNG", "FAIL"),
    # ---- form, list, letter, export -----------------------------------------------------------------------------
    "help.form": (
        "Lập biểu số II.06 của một kỳ báo cáo thành tệp .xlsx hoặc .pdf để in và ký.",
        "Make form II.06 of a period as .xlsx or .pdf, to be printed and signed.",
    ),
    "help.form.period": (
        "kỳ báo cáo: 2024-05, 2024-Q2, 2024-H1 hoặc 2024",
        "period: 2024-05, 2024-Q2, 2024-H1 or 2024",
    ),
    "help.form.out": ("tệp cần ghi: .xlsx hoặc .pdf", "file to write: .xlsx or .pdf"),
    "help.form.scheme": (
        "cách chia kỳ: reporting (chốt ngày 14 theo Nghị định 09/2019/NĐ-CP) hoặc calendar (theo dương lịch)",
        "how periods are cut: reporting (closed on the 14th, Nghị định 09/2019/NĐ-CP) or calendar",
    ),
    "help.form.level": (
        "mỗi cơ quan của cấp này một biểu: 1 tỉnh, 2 sở hoặc huyện, 3 xã",
        "a form for each agency of this level: 1 province, 2 department or district, 3 commune",
    ),
    "help.office.out": (
        "tệp cần ghi: .xlsx hoặc .csv; không ghi thì in bảng ngắn ra màn hình",
        "file to write: .xlsx or .csv; without it a short table is shown",
    ),
    "help.office.agency": (
        "chỉ cơ quan này và các cơ quan trực thuộc, ví dụ H39.18",
        "only this agency and those below it, e.g. H39.18",
    ),
    "help.office.source": (
        "nguồn dữ liệu; mặc định: nguồn có nhiều hồ sơ nhất",
        "source of the data; default: the one with most dossiers",
    ),
    "help.office.version": (
        "một bản khác đang giữ (`dunghan versions`)",
        "another version that is kept (`dunghan versions`)",
    ),
    "help.list": (
        "Danh sách hồ sơ để làm việc: overdue (đang quá hạn), late (đã giải quyết quá hạn), due-soon (sắp đến hạn),"
        " apologies (phải xin lỗi và hẹn lại), waiting (chờ tiếp nhận), reappointed (đã hẹn lại).",
        "Lists to work down: overdue, late, due-soon, apologies (letters that are due), waiting (for acceptance),"
        " reappointed.",
    ),
    "help.list.name": (
        "overdue, late, due-soon, apologies, waiting hoặc reappointed",
        "overdue, late, due-soon, apologies, waiting or reappointed",
    ),
    "help.list.field": ("chỉ lĩnh vực này: mã hoặc tên", "only this field of administration: code or name"),
    "help.list.rule_set": (
        "theo bộ quy tắc này; mặc định: form_ii06",
        "by this rule set; default: form_ii06",
    ),
    "help.list.limit": (
        "số dòng nhiều nhất (0 = tất cả); mặc định: 20 trên màn hình, tất cả trong tệp",
        "at most so many rows (0 = all); default: 20 on the screen, all in a file",
    ),
    "help.letter": (
        "Soạn phiếu xin lỗi và hẹn lại ngày trả kết quả của một hồ sơ; chỗ “……” do cơ quan điền.",
        "Draft the letter of apology and re-appointment of a dossier; the office fills in “……”.",
    ),
    "help.letter.out": (
        "tệp cần ghi: .pdf hoặc .txt; không ghi thì in ra màn hình",
        "file to write: .pdf or .txt; without it the text is shown",
    ),
    "help.export": (
        "Ghi một bảng số liệu (mart) thành tệp .xlsx, .csv hoặc .parquet.",
        "Write a mart as .xlsx, .csv or .parquet.",
    ),
    "help.export.mart": ("tên mart, ví dụ mart_overdue_dossiers", "the mart's name, e.g. mart_overdue_dossiers"),
    "help.export.out": ("tệp cần ghi: .xlsx, .csv hoặc .parquet", "file to write: .xlsx, .csv or .parquet"),
    "help.export.period": ("chỉ kỳ hoặc tháng này, ví dụ 2024-05", "only this period or month, e.g. 2024-05"),
    "help.export.columns": (
        "chỉ các cột này, cách nhau bằng dấu phẩy",
        "only these columns, separated by commas",
    ),
    "office.written": ("Đã ghi {path}", "Wrote {path}"),
    "office.form_of": (
        "Nguồn {source}; kỳ từ {first} đến {last}; số liệu chốt {as_of}; số biểu: {units}",
        "Source {source}; period from {first} to {last}; figures as of {as_of}; forms: {units}",
    ),
    "office.rows": (" ({rows} dòng)", " ({rows} rows)"),
    "office.sheets": (
        "Một trang tính của Excel chứa nhiều nhất 1.048.576 dòng nên số liệu nằm ở {n} trang tính; .parquet và .csv"
        " không có giới hạn này.",
        "A sheet of Excel has a limit of 1,048,576 rows, so the data are on {n} sheets; .parquet and .csv have none.",
    ),
    "office.unknown_ending": (
        "Không biết ghi “{name}” theo dạng nào; đuôi tệp phải là: {known}",
        "The ending of “{name}” says no format that can be written; there are: {known}",
    ),
    "office.published_place": (
        "Không ghi {name}: thư mục này chỉ dành cho các bản công bố. Hãy chọn thư mục khác.",
        "{name} is not written: that folder is for published versions only. Choose another one.",
    ),
    "office.no_folder": ("Không có thư mục {name}", "There is no folder {name}"),
    "office.is_folder": ("{name} là một thư mục, không phải tệp", "{name} is a folder, not a file"),
    "office.unknown_list": (
        "Không có danh sách “{name}”; có: {known}",
        "There is no list “{name}”; there are: {known}",
    ),
    "office.unknown_agency": (
        "Không có cơ quan “{name}”; gần giống: {known}",
        "There is no agency “{name}”; the nearest: {known}",
    ),
    "office.unknown_field": (
        "Không có lĩnh vực “{name}”; có: {known}",
        "There is no field of administration “{name}”; there are: {known}",
    ),
    "office.unknown_rule_set": (
        "Không có bộ quy tắc “{name}”; có: {known}",
        "There is no rule set “{name}”; there are: {known}",
    ),
    "office.unknown_source": (
        "Không có nguồn “{name}”; có: {known}",
        "There is no source “{name}”; there are: {known}",
    ),
    "office.unknown_scheme": (
        "Không có cách chia kỳ “{name}”; có: {known}",
        "There is no scheme “{name}”; there are: {known}",
    ),
    "office.unknown_period": (
        "Không có số liệu của kỳ “{name}” ({scheme}); có: {known}",
        "There are no figures of the period “{name}” ({scheme}); there are: {known}",
    ),
    "office.period_of_other_scheme": (
        "Không có số liệu của kỳ “{name}” theo {scheme}; kỳ này có theo --scheme {other}. Theo {scheme} có: {known}",
        "There are no figures of “{name}” by {scheme}, but by --scheme {other}. By {scheme} there are: {known}",
    ),
    "office.unknown_level": (
        "Không có cơ quan nào ở cấp {name} trong kỳ này; có cấp: {known}",
        "There is no agency of level {name} in this period; there are levels: {known}",
    ),
    "office.unknown_mart": ("Không có mart “{name}”; có: {known}", "There is no mart “{name}”; there are: {known}"),
    "office.unknown_column": (
        "Không có cột “{name}”; có: {known}",
        "There is no column “{name}”; there are: {known}",
    ),
    "office.unknown_period_of_mart": (
        "Mart không có kỳ “{name}”; có: {known}",
        "The mart has no period “{name}”; there are: {known}",
    ),
    "office.mart_without": (
        "Mart {name} không có cột để lọc như vậy; các mart có: {known}",
        "The mart {name} has no column for that filter; these have: {known}",
    ),
    "office.no_such_filter": (
        "Danh sách {name} không theo lĩnh vực hay bộ quy tắc; bỏ --field, --rule-set",
        "The list {name} is not by field or rule set; leave out --field and --rule-set",
    ),
    "letter.unknown": (
        "Không tệp nào đã nạp có hồ sơ {code}; gần giống: {known}",
        "No export that was loaded has the dossier {code}; the nearest: {known}",
    ),
    "letter.not_counted": (
        "Hồ sơ {code} chưa được tính vào số liệu nên không soạn phiếu; xem `dunghan explain {code}`",
        "No figure counts the dossier {code}, so there is no letter; see `dunghan explain {code}`",
    ),
    "letter.no_due_date": (
        "Hồ sơ {code} không có ngày hẹn trả nên không có gì để hẹn lại; xem `dunghan explain {code}`",
        "The dossier {code} has no due date, so there is nothing to re-appoint; see `dunghan explain {code}`",
    ),
    "letter.not_late": (
        "Hồ sơ {code} đã kết thúc và không quá hạn theo biểu II.06: không phải xin lỗi; xem `dunghan explain {code}`",
        "The dossier {code} has ended and is not late by form II.06: no apology is due; see `dunghan explain {code}`",
    ),
    # ---- rollup -------------------------------------------------------------------------------------------------
    "help.rollup": (
        "Lập bản toàn quốc từ các bản công bố của nhiều tỉnh: số đếm cộng lại; trung vị, tỷ lệ, thứ hạng tính lại từ "
        "từng hồ sơ.",
        "Make the national version from what provinces published: counts add up; medians, rates and ranks are computed "
        "again from the dossiers.",
    ),
    "help.rollup.manifests": (
        "manifest.json, thư mục của một bản hoặc thư mục published của tỉnh (hoặc URL); H39=… khi bản chưa ghi mã tỉnh",
        "manifest.json, folder of a version, or published folder of a province (or a URL); H39=… when the version does "
        "not name its province",
    ),
    "help.rollup.into": (
        "thư mục của kho toàn quốc; không phải kho của một tỉnh",
        "folder of the national warehouse; no province's warehouse",
    ),
    "rollup.done": (
        "Đã công bố bản toàn quốc {version}, chốt lúc {as_of}, {provinces} tỉnh",
        "Published the national version {version}, as of {as_of}, {provinces} provinces",
    ),
    "rollup.where": ("Số liệu: {path}", "Published marts: {path}"),
    "rollup.province": ("Mã tỉnh", "Province"),
    "rollup.name": ("Tên", "Name"),
    "rollup.elsewhere": (
        "{dossiers} mã hồ sơ có ở nhiều tỉnh, mỗi tỉnh tính một lần: xem dossiers_elsewhere trong dim_province",
        "{dossiers} dossier codes are in several provinces and count in each: see dossiers_elsewhere in dim_province",
    ),
    "rollup.others": (
        "{code}: {dossiers} hồ sơ mang mã cơ quan của tỉnh khác; hãy xem mã tỉnh có đúng không",
        "{code}: {dossiers} dossiers name an agency of another province; see whether the province is named rightly",
    ),
    # ---- history ------------------------------------------------------------------------------------------------
    "help.restate": (
        "Lập lại mọi số liệu cho một cặp thời điểm (chốt lúc nào, dùng dữ liệu đến lúc nào) thành một bản "
        "riêng, không đụng đến bản đang công bố.",
        "All figures for one pair (as of, known at) as a version of its own, beside what is published.",
    ),
    "help.restate.as_of": (
        "thời điểm chốt số liệu, ví dụ 2024-03-31 (= cuối ngày đó)",
        "moment at which figures are closed, e.g. 2024-03-31 (= its end)",
    ),
    "help.restate.loaded_until": (
        "bỏ tệp mà kho chỉ thấy sau thời điểm này, dù tệp kết xuất sớm hơn",
        "leave out files that the warehouse saw only after this moment, however early they were exported",
    ),
    "help.restate.calendar": (
        "theo lịch làm việc ở lần sửa này (`dunghan calendar list`); 0 = lịch gốc; mặc định: mới nhất",
        "by the calendar of this revision (`dunghan calendar list`); 0 = the seeds alone; default: the latest",
    ),
    "help.restate.out": ("thư mục đặt bản lập lại; mặc định: restated/ của kho", "folder for it; default: restated/"),
    "help.restate.again": ("lập lại dù đã có bản y như vậy", "build it although the same version exists"),
    "help.compare": (
        "Hai bản khác nhau ở số liệu nào, do hồ sơ nào, vì sao. Mã kết thúc 1 khi có khác biệt.",
        "Which figures two versions differ in, which dossiers cause it, and why. Exit status 1 when they differ.",
    ),
    "help.compare.a": (
        "bản thứ nhất: tên (`dunghan versions`), vài ký tự đầu, hoặc thư mục",
        "first version: its name (`dunghan versions`), how it begins, or its folder",
    ),
    "help.compare.b": ("bản thứ hai; mặc định: bản đang công bố", "second version; default: the published one"),
    "help.compare.agency": ("chỉ cơ quan này và các cơ quan trực thuộc", "only this agency and those below it"),
    "help.backfill": (
        "Nạp các tệp kết xuất của một khoảng ngày trong một lượt; bị ngắt thì chạy lại là tiếp tục.",
        "Load the exports of a range of days in one run; when interrupted, run it again to go on.",
    ),
    "help.backfill.from": ("ngày kết xuất đầu tiên, ví dụ 2022-01-01", "first export day, e.g. 2022-01-01"),
    "help.backfill.to": ("ngày kết xuất cuối cùng", "last export day"),
    "help.backfill.dry_run": ("chỉ cho biết còn những tệp nào", "only tell which files remain"),
    "backfill.order": ("--from phải trước hoặc bằng --to", "--from must not be after --to"),
    "backfill.too_early": (
        "ngày đầu tiên chọn được là {day}; đổi bằng mục cấu hình first_export_day",
        "the first day to choose is {day}; the setting first_export_day changes it",
    ),
    "backfill.no_files": (
        "Từ {first} đến {last} thư mục nhận không có tệp nào: {drop_zone}",
        "From {first} to {last} there is no file in the drop zone: {drop_zone}",
    ),
    "backfill.remaining": (
        "Từ {first} đến {last} còn {files} tệp chưa nạp:",
        "From {first} to {last} {files} files are not loaded yet:",
    ),
    "backfill.nothing": (
        "Từ {first} đến {last} không còn tệp nào chưa nạp",
        "From {first} to {last} every file is loaded",
    ),
    "restate.done": (
        "Đã lập lại số liệu chốt lúc {as_of}, theo những tệp kết xuất đến {known_at}",
        "Restated as of {as_of}, with what was known at {known_at}",
    ),
    "restate.kept": (
        "Bản này đã có (cùng tệp, cùng quy tắc): chốt lúc {as_of}, dữ liệu đến {known_at}",
        "This version is there already (same files, same rules): as of {as_of}, known at {known_at}",
    ),
    "restate.where": ("Tệp số liệu: {path}", "The marts: {path}"),
    "restate.no_limit": ("không giới hạn", "no limit"),
    "restate.not_fixed": (
        "Không có --known-at: lần sau có tệp mới thì số liệu có thể khác",
        "Without --known-at new files may change these figures next time",
    ),
    "restate.other": (
        "Cùng cặp thời điểm này đã có một bản lập từ tệp hoặc quy tắc khác; xem khác nhau ở đâu: dunghan "
        "compare {a} {b}",
        "The same pair was stated before from other files or rules; see the difference: dunghan compare {a} {b}",
    ),
    "compare.side": (
        "{name}: {version}, chốt lúc {as_of}, dữ liệu đến {known_at}, quy tắc {rules}",
        "{name}: {version}, as of {as_of}, known at {known_at}, rules {rules}",
    ),
    "compare.same": ("Hai bản cho số liệu như nhau", "Both versions say the same"),
    "compare.marts": ("Mart có dòng khác nhau", "Marts with rows that differ"),
    "compare.only_a": ("Chỉ có ở A", "Only in A"),
    "compare.only_b": ("Chỉ có ở B", "Only in B"),
    "compare.figures": ("Số liệu khác nhau ({shown} trên {all})", "Figures that differ ({shown} of {all})"),
    "compare.key": ("Thuộc", "Of"),
    "compare.figure": ("Số liệu", "Figure"),
    "compare.causes": ("Nguyên nhân, theo {all} hồ sơ", "Causes, by {all} dossiers"),
    "compare.cause": ("Nguyên nhân", "Cause"),
    "compare.dossiers": ("Hồ sơ gây ra khác biệt ({shown} trên {all})", "Dossiers that cause it ({shown} of {all})"),
    "compare.change": ("Thay đổi", "Change"),
    "cause.appeared": ("hồ sơ chưa có trong A", "not known in A"),
    "cause.disappeared": ("hồ sơ không có trong B", "not known in B"),
    "cause.due_changed": ("đổi ngày hẹn trả", "due date changed"),
    "cause.reopened": ("mở lại", "reopened"),
    "cause.ended": ("đã kết thúc", "ended"),
    "cause.new_information": ("thông tin mới", "new information"),
    "cause.rules_changed": ("đổi quy tắc", "rules changed"),
    "cause.calendar_changed": ("đổi lịch làm việc", "calendar changed"),
    "cause.time_passed": ("thời gian trôi qua", "time passed"),
    "header.mart": ("Mart", "Mart"),
    "header.folder": ("Thư mục", "Folder"),
    "run.undelivered": (
        "Số liệu đã công bố, nhưng chưa đưa được đến nơi nhận; lượt sau sẽ thử lại: {problem}",
        "The figures are published, but did not get to where they are sent; the next run tries again: {problem}",
    ),
    "run.note": (
        "Số liệu đã công bố; việc dọn dẹp sau đó chưa xong, lượt sau sẽ thử lại: {note}",
        "The figures are published; tidying up afterwards did not end and is tried again next time: {note}",
    ),
    "run.missing": (
        "Số liệu đã công bố, nhưng còn thiếu: {note}",
        "The figures are published, but this is missing: {note}",
    ),
    "compact.title": ("Tệp của kho (lake), trước → sau khi gộp", "Files of the lake, before → after"),
    "compact.table": ("Bảng", "Table"),
    "compact.empty": ("Kho chưa có tệp nào.", "The lake holds no file yet."),
    "compact.nothing": ("Không có gì để gộp.", "There was nothing to merge."),
    "compact.done": (
        "Đã gộp {loads} lượt nạp; số dòng và nội dung từng dòng không đổi (đã đối chiếu).",
        "Merged {loads} loads; every row is there as it was (checked).",
    ),
    "compact.waiting": (
        "Đang có lệnh đọc kho (explain, restate): tệp cũ sẽ được xóa ở lần gộp sau.",
        "Somebody is reading the lake (explain, restate): the old files go with the next compaction.",
    ),
    "versions.restated": ("Bản lập lại (dunghan restate)", "Restated versions (dunghan restate)"),
    "header.dossier_code": ("Mã hồ sơ", "Dossier"),
    "header.agency_code": ("Cơ quan", "Agency"),
}


class Texts:
    """The texts in one language: `t("run.published", version=…)`. Raises KeyError for a key that does not exist."""

    def __init__(self, lang: str) -> None:
        self.lang = lang
        self._column = 1 if lang == "en" else 0

    def __call__(self, key: str, **values: Any) -> str:
        text = TEXTS[key][self._column]
        return text.format(**values) if values else text

    def either(self, vietnamese: str, english: str) -> str:
        """One of two texts that come from elsewhere in both languages."""
        return english if self._column else vietnamese
