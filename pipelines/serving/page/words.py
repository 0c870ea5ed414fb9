"""Every text of the page, Vietnamese first, English second. Places in braces are filled by name."""

from __future__ import annotations

from typing import Any

TEXTS: dict[str, tuple[str, str]] = {
    # ---- head ------------------------------------------------------------------------------------------------------
    "title": ("Tình hình giải quyết thủ tục hành chính", "How dossiers of citizens are handled"),
    "everything": ("Toàn bộ cơ quan trong kho dữ liệu", "All agencies of the warehouse"),
    "below": ("{name} ({code}) và các đơn vị trực thuộc", "{name} ({code}) and the units below it"),
    "as_of": ("Số liệu chốt đến", "Figures closed at"),
    "known_at": ("Chỉ dùng tệp gửi đến", "Only files sent up to"),
    "made": ("Trang lập lúc", "Page made at"),
    "version": ("Bản công bố", "Version"),
    "definitions": ("Định nghĩa chỉ tiêu", "Definitions"),
    "before": ("So với bản trước", "Version before"),
    "before.of": ("bản chốt đến {as_of}", "closed at {as_of}"),
    "before.none": ("chưa có bản nào trước đó", "none before it"),
    "before.other_year": ("bản trước thuộc năm khác, không so", "the version before is of another year"),
    "before.other_rules": (
        "bản chốt đến {as_of}, theo định nghĩa {version}: chênh lệch gồm cả việc đổi cách tính",
        "closed at {as_of}, by definitions {version}: the change includes that of the rules",
    ),
    "before.unreadable": ("bản trước có cấu trúc khác, không so được", "the version before has other tables"),
    "last": ("So với cùng kỳ năm trước", "Year before"),
    "last.of": (
        "đến ngày {day}; tỷ lệ đúng hạn tính trọn tháng {month}; số liệu năm trước có từ {first}",
        "up to {day}; the on-time rate over whole months up to {month}; last year's figures begin on {first}",
    ),
    "last.none": ("kho chưa có số liệu năm {year}", "the warehouse has no figures of {year}"),
    "skip": ("Đến phần nội dung", "Skip to the content"),
    "source": ("Nguồn số liệu", "Source"),
    "source.dvcqg": ("Cổng Dịch vụ công quốc gia", "National portal"),
    "source.motcua": ("Hệ thống một cửa", "One-stop system"),
    "source.note": (
        "Mỗi lần chỉ xem số liệu của một nguồn. Hệ thống một cửa và Cổng Dịch vụ công cùng báo về những hồ sơ như nhau,"
        " nên số của các nguồn không được cộng với nhau.",
        "One source is shown at a time. The one-stop system and the national portal report the same dossiers, so the"
        " figures of sources are never added up.",
    ),
    "source.dossiers": ("{n} hồ sơ", "{n} dossiers"),
    "source.title": ("Nguồn: {source}", "Source: {source}"),
    "filter": ("Lọc", "Filter"),
    "filter.agency": ("Cơ quan", "Agency"),
    "filter.field": ("Lĩnh vực", "Field"),
    "filter.text": ("Tìm trong các danh sách", "Search the lists"),
    "filter.hint": ("Gõ có dấu hay không dấu đều được", "With or without diacritics"),
    "filter.all": ("Tất cả", "All"),
    "filter.clear": ("Bỏ lọc", "Clear"),
    "filter.on": (
        "Đang lọc. Các số đầu trang và các bảng theo cơ quan, lĩnh vực, hồ sơ chỉ còn phần đã chọn;"
        " biểu đồ, phần tóm tắt và các bảng khác vẫn là của toàn phạm vi.",
        "Filtered. The headline and the tables by agency, field or dossier show what is chosen;"
        " charts, the summary and other tables are still of everything.",
    ),
    "filter.search_on": (
        "Đang tìm trong các danh sách; các số đầu trang không đổi.",
        "Searching the lists; the headline does not change.",
    ),
    "filter.rows": ("còn {n} dòng khớp", "{n} rows match"),
    "filter.cut": ("trong số dòng có trên trang", "of the rows on this page"),
    "contents": ("Mục lục", "Contents"),
    "table.of_chart": ("Bảng số liệu của biểu đồ", "The figures of the chart"),
    "table.below": ("Số liệu ở bảng bên dưới", "The figures are in the table below"),
    "summary": ("Tóm tắt", "Summary"),
    "todo": ("Việc cần chỉ đạo", "What needs a decision"),
    "old": (
        "Trang này lập cách đây {n} ngày; hãy hỏi xem đã có bản mới chưa.",
        "This page was made {n} days ago; ask whether there is a newer one.",
    ),
    "footer": (
        "Đúng Hạn. Mỗi con số lấy từ một bảng đã công bố; trang không chứa dữ liệu cá nhân, không gửi hay nhận gì qua"
        " mạng. Dấu «–»: không có số liệu hoặc mẫu số bằng 0.",
        "Đúng Hạn. Each figure comes from one published table; the page holds no personal data and sends or receives"
        " nothing. “–”: no figure, or nothing to divide by.",
    ),
    "print.lists": (
        "Bản in chỉ có 15 dòng đầu của mỗi danh sách.",
        "Only the first 15 rows of each list are printed.",
    ),
    "unknown_agency": (
        "Không có cơ quan {agency}; gần giống: {near}",
        "There is no agency {agency}; near it: {near}",
    ),
    # ---- headline --------------------------------------------------------------------------------------------------
    "card.received": ("Hồ sơ phải giải quyết trong năm", "Dossiers of the year"),
    "card.received.under": (
        "tiếp nhận {new}, kỳ trước chuyển qua {carried}",
        "received {new}, carried over {carried}",
    ),
    "card.resolved": ("Đã giải quyết", "Resolved"),
    "card.resolved.under": (
        "trước hạn {early}, đúng hạn {on_time}, quá hạn {late}",
        "early {early}, on time {on_time}, late {late}",
    ),
    "card.rate": ("Giải quyết trước và đúng hạn", "Resolved early or on time"),
    "card.rate.under": (
        "{good} trong {resolved} hồ sơ đã giải quyết; chưa kể {overdue} hồ sơ còn treo đã quá hạn",
        "{good} of {resolved} resolved dossiers; {overdue} still open and overdue are not among them",
    ),
    "card.overdue": ("Đang quá hạn", "Overdue now"),
    "card.overdue.under": (
        "trong {pending} hồ sơ đang giải quyết",
        "of {pending} pending dossiers",
    ),
    "card.due_soon": ("Đến hạn trong 7 ngày làm việc", "Due within 7 working days"),
    "card.due_soon.under": ("còn trong hạn, đang xử lý", "still in time, in process"),
    "card.apologies": ("Đến lúc phải xin lỗi, hẹn lại", "Apology and new date due"),
    "card.apologies.under": (
        "nếu không kịp trả: phải gửi chậm nhất một ngày trước ngày hẹn",
        "unless finished: to be sent a day before the due day",
    ),
    "card.waiting": ("Chờ tiếp nhận quá 8 giờ làm việc", "Waiting for acceptance over 8 hours"),
    "card.waiting.under": ("hồ sơ đã nộp, chưa ai tiếp nhận", "submitted, not accepted by anybody"),
    "card.reappointed": ("Đã hẹn lại", "Appointed anew"),
    "card.reappointed.under": (
        "dời ngày hẹn mà không do công dân bổ sung giấy tờ",
        "due day moved without papers asked of the citizen",
    ),
    "change.before": ("so với bản trước", "since the version before"),
    "change.last": ("so với cùng kỳ", "since last year"),
    "points": ("điểm %", "pts"),
    # ---- summary ---------------------------------------------------------------------------------------------------
    "summary.text": (
        "Từ đầu năm đến {as_of} có {received} hồ sơ phải giải quyết; đã giải quyết {resolved}, trong đó trước hạn và"
        " đúng hạn {rate} (tính theo biểu II.06, trên số đã giải quyết), quá hạn {late}. Đang giải quyết {pending},"
        " trong đó {overdue} đã quá ngày hẹn{oldest}.",
        "From the beginning of the year to {as_of} there were {received} dossiers to handle; {resolved} are resolved,"
        " {rate} of them early or on time (by form II.06), {late} late. {pending} are pending, {overdue} of them past"
        " their due day{oldest}.",
    ),
    "summary.oldest": (", lâu nhất {days} ngày làm việc", ", the oldest by {days} working days"),
    "todo.overdue": ("{n} hồ sơ đang quá hạn; nhiều nhất: {worst}", "{n} dossiers overdue; most at {worst}"),
    "todo.today": ("{n} hồ sơ đến hạn ngay trong ngày chốt số liệu", "{n} dossiers fall due on the day of the figures"),
    "todo.apologies": (
        "{n} hồ sơ sắp đến hạn: trả kết quả ngay, hoặc gửi thư xin lỗi và hẹn lại",
        "{n} dossiers about to fall due: finish them, or send the apology with a new date",
    ),
    "todo.waiting": (
        "{n} hồ sơ đã nộp quá 8 giờ làm việc mà chưa được tiếp nhận",
        "{n} dossiers not accepted within 8 working hours",
    ),
    "todo.twice": (
        "{n} hồ sơ đã hẹn lại từ hai lần trở lên; quy định chỉ cho một lần",
        "{n} dossiers appointed anew twice or more; one time is allowed",
    ),
    "todo.attention": (
        "{n} tệp nguồn cần xem lại trước khi tin hết vào số liệu",
        "Files of the sources to look at before the figures are trusted in full: {n}",
    ),
    "todo.none": ("Không có việc nào quá hạn hay sắp quá hạn.", "Nothing is overdue or about to be."),
    # ---- sections --------------------------------------------------------------------------------------------------
    "agencies": ("Từng cơ quan", "Agency by agency"),
    "agencies.lead": (
        "Năm của ngày chốt số liệu. Mẫu số của tỷ lệ là số hồ sơ đã giải quyết; hồ sơ còn treo quá hạn đứng ở cột"
        " riêng. Mỗi bộ quy tắc là một cách tính riêng, xem mục «Các bộ quy tắc khác nhau ở đâu».",
        "The year of the figures. Rates are of resolved dossiers; those open and overdue have a column of their own."
        " Each rule set counts in its own way, see “Where the rule sets disagree”.",
    ),
    "agencies.table": ("Kết quả của từng cơ quan", "Results of each agency"),
    "fields.table": (
        "Theo lĩnh vực (biểu II.06, từ đầu năm)",
        "By field of administration (form II.06, since the beginning of the year)",
    ),
    "on_time": ("Tỷ lệ đúng hạn theo tháng", "On-time rate by month"),
    "on_time.lead": (
        "Hồ sơ tiếp nhận trong tháng, xét tại ngày chốt số liệu: số trước hạn và đúng hạn chia cho số đã có kết luận"
        " (trước hạn, đúng hạn, quá hạn). Bốn bộ quy tắc đặt cạnh nhau. Tháng mới nhất còn nhiều hồ sơ chưa xong nên tỷ"
        " lệ còn thay đổi.",
        "Dossiers received in the month, by their verdict at the moment of the figures: early and on time over all that"
        " are resolved. Four rule sets side by side. Many of the newest month are open, so its rate will move.",
    ),
    "on_time.axis": ("% đúng hạn", "% on time"),
    "on_time.cell": ("tỷ lệ (mẫu số)", "rate (of)"),
    "backlog": ("Tồn đọng từng ngày", "Backlog by day"),
    "backlog.lead": (
        "Số hồ sơ đang giải quyết lúc cuối ngày theo biểu II.06, 180 ngày gần nhất. Phần quá hạn có thang đo riêng.",
        "Pending dossiers at the end of each day by form II.06, the latest 180 days. Overdue ones on their own scale.",
    ),
    "in_time": ("Trong hạn", "In time"),
    "pending.in_time": ("Đang giải quyết, trong hạn (hồ sơ)", "Pending, in time (dossiers)"),
    "pending.overdue": ("Đang giải quyết, quá hạn (hồ sơ)", "Pending, overdue (dossiers)"),
    "overdue": ("Hồ sơ đang quá hạn", "Overdue dossiers"),
    "overdue.lead": (
        "Chưa giải quyết xong và đã qua ngày hẹn trả (biểu II.06), theo số ngày làm việc quá hạn. Hồ sơ chờ công dân bổ"
        " sung giấy tờ hoặc nộp phí không tính.",
        "Not finished and past the due day (form II.06), by working days overdue. Those waiting for papers or a payment"
        " of the citizen are not counted.",
    ),
    "overdue.axis": ("Số hồ sơ quá hạn", "Overdue dossiers"),
    "overdue.legend": ("Quá hạn (ngày làm việc)", "Working days overdue"),
    "overdue.by_agency": ("Quá hạn theo cơ quan và số ngày", "Overdue by agency and age"),
    "overdue.by_rules": ("Số quá hạn theo từng bộ quy tắc", "Overdue by each rule set"),
    "overdue.list": ("Danh sách hồ sơ quá hạn, lâu nhất trước", "Overdue dossiers, the oldest first"),
    "due": ("Đến hạn trong tuần, phải xin lỗi", "Due this week, apologies due"),
    "due.lead": (
        "Hồ sơ đang xử lý, còn trong hạn (biểu II.06), hạn trả trong 7 ngày làm việc tới. Thư xin lỗi và hẹn lại ngày"
        " phải gửi chậm nhất một ngày trước ngày hẹn (Nghị định 61/2018/NĐ-CP, Điều 19 khoản 9).",
        "In process and in time (form II.06), due within seven working days. The letter of apology with a new date is"
        " to be sent at latest one day before the due day (Decree 61/2018, Art. 19(9)).",
    ),
    "due.by_agency": ("Đến hạn theo cơ quan và số ngày làm việc còn lại", "Due by agency and working days left"),
    "due.list": ("Danh sách hồ sơ sắp đến hạn, gấp nhất trước", "Dossiers that fall due, the first first"),
    "waiting": ("Chờ tiếp nhận", "Waiting for acceptance"),
    "waiting.lead": (
        "Hồ sơ công dân đã nộp mà chưa được tiếp nhận. Giờ làm việc 07:30–11:30 và 13:30–17:00; phải trả lời trong"
        " 8 giờ làm việc.",
        "Submitted by citizens and not accepted yet. Working hours are 07:30–11:30 and 13:30–17:00; the answer is due"
        " within eight of them.",
    ),
    "waiting.list": ("Danh sách hồ sơ chờ tiếp nhận, lâu nhất trước", "Dossiers that wait, the longest first"),
    "reappointed": ("Hẹn lại ngày trả", "Appointed anew"),
    "reappointed.lead": (
        "Ngày hẹn bị dời mà không do công dân bổ sung giấy tờ. Quy định chỉ cho hẹn lại một lần, kèm thư xin lỗi. Tính"
        " cả hồ sơ đã giải quyết xong.",
        "The due day was moved although no papers were asked of the citizen. One time is allowed, with an apology."
        " Resolved dossiers count too.",
    ),
    "reappointed.list": ("Danh sách hồ sơ đã hẹn lại", "Dossiers appointed anew"),
    "units": ("Khâu đang nghẽn", "Bottlenecks"),
    "units.lead": (
        "Bước xử lý của tháng {month}, theo bộ phận và thủ tục: trung vị và mức 90 % tính bằng giờ làm việc;"
        " xếp theo số bước đang mở.",
        "Steps of {month} by unit and procedure: median and ninth decile in working hours; most open steps first.",
    ),
    "units.list": ("Bộ phận và thủ tục nhiều việc đang mở nhất", "Units and procedures with most open work"),
    "index": ("Điểm mất theo bộ chỉ số 766", "Points lost in index 766"),
    "index.lead": (
        "Bộ chỉ số theo Quyết định 766/QĐ-TTg, năm {year}, tính cho {agency} và các đơn vị trực thuộc; mẫu số ghi ở cột"
        " riêng. Chỉ số mà dữ liệu kết xuất không cho biết thì để «–», không tính là 0. «Cận trên»: điểm thật không cao"
        " hơn số này.",
        "Index of Decision 766, year {year}, of {agency} and the units below; denominators in their own column."
        " What exports cannot tell is “–”, never 0. “Upper bound”: the true score is not higher.",
    ),
    "index.timeliness": ("Tiến độ giải quyết", "Timeliness"),
    "index.got": ("Điểm đạt", "Points got"),
    "index.lost": ("Điểm mất", "Points lost"),
    "index.axis": ("Điểm", "Points"),
    "index.table": ("Điểm theo từng chỉ số", "Points by indicator"),
    "index.why": ("Vì sao mất điểm (số lượt hồ sơ từ đầu năm)", "Why points were lost (dossiers since January)"),
    "differences": ("Các bộ quy tắc khác nhau ở đâu", "Where the rule sets disagree"),
    "differences.lead": (
        "Cùng một hồ sơ, bộ quy tắc này kết luận tốt (trước hạn, đúng hạn, trong hạn), bộ kia kết luận quá hạn. Đây là"
        " phần dễ bị hỏi khi số của hai báo cáo không giống nhau.",
        "The same dossier is well by one rule set and late by another: what is asked about when two reports differ.",
    ),
    "differences.table": ("Các kiểu khác nhau", "Kinds of disagreement"),
    "differences.list": ("Danh sách hồ sơ có kết luận khác nhau", "Dossiers on which they disagree"),
    "quality": ("Chất lượng dữ liệu", "Data quality"),
    "quality.lead": (
        "Số dòng bị loại và số hồ sơ có cảnh báo, theo quy tắc kiểm tra.",
        "Rows turned away and dossiers with a warning, by rule.",
    ),
    "quality.table": ("Quy tắc bị vi phạm", "Rules that were hit"),
    "reconciliation": ("Đối soát", "Reconciliation"),
    "reconciliation.lead": (
        "Báo cáo của Cổng đặt cạnh số tính từ hai hệ thống, rồi hai hệ thống với nhau. Đây là chỗ duy nhất trên trang"
        " có nhiều nguồn cạnh nhau; vẫn không cộng.",
        "The portal's report beside our figures of both systems, then the systems beside each other: the only place"
        " with several sources, still not added up.",
    ),
    "reconciliation.report": (
        "Báo cáo của Cổng về {name}, {first} – {last} (lấy {taken})",
        "The portal's report on {name}, {first} – {last} (taken {taken})",
    ),
    "reconciliation.no_reports": (
        "Không có báo cáo nào của Cổng cho phạm vi này.",
        "There is no report of the portal for these agencies.",
    ),
    "reconciliation.systems": (
        "Hệ thống một cửa và Cổng, từng tháng tiếp nhận",
        "One-stop system and portal, by month of reception",
    ),
    "freshness": ("Độ mới và việc cần xem lại", "Freshness and attention"),
    "freshness.lead": (
        "Bản kết xuất mới nhất đã nạp của từng nguồn, và những tệp mà ai đó phải xem lại. Sổ nạp là của cả kho dữ liệu,"
        " không chia theo cơ quan.",
        "The newest export loaded of each source, and the files that somebody must look at. The ledger is of the whole"
        " warehouse, not of an agency.",
    ),
    "freshness.table": ("Tệp đã nạp theo nguồn và loại", "Files by source and kind"),
    "attention.table": ("Tệp cần xem lại", "Files that need a look"),
    "attention.none": ("Không có tệp nào cần xem lại.", "No file needs a look."),
    "nothing": ("Không có hồ sơ nào.", "There is none."),
    "total": ("Tổng cộng", "Total"),
    "unknown": ("Chưa rõ", "Unknown"),
    "yes": ("có", "yes"),
    "shown": ("Trang này có {shown} trong {total} dòng.", "{shown} of {total} rows are shown."),
    "whole": ("Danh sách đầy đủ:", "All of them:"),
    # ---- columns ---------------------------------------------------------------------------------------------------
    "h.agency": ("Cơ quan", "Agency"),
    "h.field": ("Lĩnh vực", "Field"),
    "h.dossier": ("Mã hồ sơ", "Dossier"),
    "h.procedure": ("Thủ tục", "Procedure"),
    "h.received": ("Tiếp nhận", "Received"),
    "h.received_total": ("Tổng phải giải quyết", "To handle"),
    "h.resolved": ("Đã giải quyết", "Resolved"),
    "h.early": ("Trước hạn", "Early"),
    "h.on_time": ("Đúng hạn", "On time"),
    "h.late": ("Quá hạn", "Late"),
    "h.rate": ("Tỷ lệ trước hạn, đúng hạn", "Early or on time"),
    "h.rate_by": ("Đúng hạn: {rules}", "On time: {rules}"),
    "h.in_time": ("Đang giải quyết, trong hạn", "Pending, in time"),
    "h.overdue": ("Đang quá hạn", "Overdue now"),
    "h.rank": ("Hạng trong cấp", "Rank in level"),
    "h.average": ("Ngày làm việc trung bình", "Average working days"),
    "h.month": ("Tháng", "Month"),
    "h.day": ("Ngày", "Day"),
    "h.received_at": ("Ngày tiếp nhận", "Received"),
    "h.submitted_at": ("Nộp lúc", "Submitted"),
    "h.due_at": ("Hạn trả", "Due"),
    "h.days_overdue": ("Quá (ngày làm việc)", "Working days over"),
    "h.days_left": ("Còn (ngày làm việc)", "Working days left"),
    "h.apology_by": ("Xin lỗi chậm nhất", "Apology by"),
    "h.apology_due": ("Đến lúc xin lỗi", "Apology due"),
    "h.apologies": ("Phải xin lỗi", "Apologies due"),
    "h.state": ("Tình trạng", "State"),
    "h.reason": ("Lý do", "Reason"),
    "h.reappointments": ("Lần hẹn lại", "New dates"),
    "h.twice": ("Từ hai lần", "Twice or more"),
    "h.ended_at": ("Kết thúc", "Ended"),
    "h.hours_waited": ("Giờ làm việc đã chờ", "Working hours waited"),
    "h.over_8": ("Quá 8 giờ", "Over 8 hours"),
    "h.unit": ("Bộ phận", "Unit"),
    "h.steps": ("Số bước", "Steps"),
    "h.median": ("Trung vị (giờ)", "Median (hours)"),
    "h.p90": ("90 % xong trong (giờ)", "90% within (hours)"),
    "h.share_late": ("Phần chờ của hồ sơ trễ", "Share of late waiting"),
    "h.returns": ("Bị trả lại", "Returned"),
    "h.open": ("Đang mở", "Open now"),
    "h.oldest_open": ("Mở từ", "Oldest since"),
    "h.indicator": ("Chỉ số", "Indicator"),
    "h.numerator": ("Tử số", "Numerator"),
    "h.denominator": ("Mẫu số", "Of"),
    "h.ratio": ("Tỷ lệ", "Ratio"),
    "h.score": ("Điểm đạt", "Points"),
    "h.max": ("Tối đa", "Most"),
    "h.lost": ("Mất", "Lost"),
    "h.upper": ("Cận trên", "Upper bound"),
    "h.dossiers": ("Số hồ sơ", "Dossiers"),
    "h.agencies": ("Số cơ quan", "Agencies"),
    "h.rule_set": ("Bộ quy tắc", "Rule set"),
    "h.total": ("Cộng", "Total"),
    "h.oldest_due": ("Hạn trả cũ nhất", "Oldest due day"),
    "h.rule": ("Quy tắc", "Rule"),
    "h.meaning": ("Ý nghĩa", "Meaning"),
    "h.advice": ("Cách xử lý", "What to do"),
    "h.hits": ("Số lượng", "Count"),
    "h.unit_of": ("Đơn vị đếm", "Counted in"),
    "h.figure": ("Chỉ tiêu", "Figure"),
    "h.portal": ("Cổng báo", "Portal says"),
    "h.of_portal": ("Tính từ dữ liệu Cổng", "From portal data"),
    "h.of_local": ("Tính từ một cửa", "From one-stop data"),
    "h.difference": ("Chênh lệch", "Difference"),
    "h.unexplained": ("Chưa giải thích được", "Unexplained"),
    "h.both": ("Có ở cả hai", "In both"),
    "h.identical": ("Giống hệt", "Identical"),
    "h.only_local": ("Chỉ có ở một cửa", "Only one-stop"),
    "h.only_portal": ("Chỉ có trên Cổng", "Only portal"),
    "h.status_differs": ("Khác trạng thái", "Status differs"),
    "h.due_differs": ("Khác hạn trả", "Due differs"),
    "h.end_differs": ("Khác ngày xong", "End differs"),
    "h.delayed": ("Đồng bộ chậm", "Delayed"),
    "h.source": ("Nguồn", "Source"),
    "h.kind": ("Loại tệp", "Kind"),
    "h.newest": ("Kết xuất mới nhất", "Newest export"),
    "h.files": ("Số tệp", "Files"),
    "h.rejected": ("Tệp bị loại", "Files rejected"),
    "h.rows": ("Dòng đã đọc", "Rows read"),
    "h.accepted": ("Dòng nhận", "Rows accepted"),
    "h.quarantined": ("Dòng cách ly", "Rows quarantined"),
    "h.file": ("Tệp", "File"),
    "h.what": ("Việc phải xem", "What to look at"),
    "unit.row": ("dòng", "rows"),
    "unit.dossier": ("hồ sơ", "dossiers"),
    "unit.file": ("tệp", "files"),
    "kind.dossiers": ("Hồ sơ", "Dossiers"),
    "kind.progress": ("Tiến độ xử lý", "Progress"),
    "kind.procedures": ("Danh mục thủ tục", "Procedures"),
    "kind.agencies": ("Danh mục cơ quan", "Agencies"),
    "kind.portal_reports": ("Báo cáo của Cổng", "Portal reports"),
    "figure.total_received": ("Tổng tiếp nhận", "Received"),
    "figure.total_on_time": ("Đúng hạn", "On time"),
    "figure.total_overdue": ("Quá hạn", "Overdue"),
    "figure.total_completed": ("Đã hoàn thành", "Completed"),
    "figure.avg_processing_days": ("Ngày xử lý trung bình", "Average days"),
    "figure.ratio": ("Tỷ lệ (%)", "Ratio (%)"),
    "figure.score": ("Điểm", "Points"),
    "bucket.0": ("trong ngày", "same day"),
    "bucket.left.0": ("Hôm nay", "Today"),
    "bucket.left.1": ("1 ngày", "1 day"),
    "bucket.left.2-3": ("2–3 ngày", "2–3 days"),
    "bucket.left.4-7": ("4–7 ngày", "4–7 days"),
    "short.form_ii06": ("biểu II.06", "form II.06"),
    "short.portal_766": ("chỉ số 766", "index 766"),
    "short.citizen_handover": ("đến tay dân", "in hand"),
    "short.first_appointment": ("lần hẹn đầu", "first date"),
}


class Words:
    """The texts in one language."""

    def __init__(self, lang: str) -> None:
        self.lang = lang

    def __call__(self, key: str, **places: Any) -> str:
        """The text of a key, filled. Raises KeyError for a key that there is none of."""
        return TEXTS[key][self.lang == "en"].format(**places)

    def raw(self, key: str) -> str:
        """The text of a key with its places unfilled."""
        return TEXTS[key][self.lang == "en"]

    def known(self, key: str, otherwise: str) -> str:
        """The text of a key that comes from the data."""
        return self(key) if key in TEXTS else otherwise

    def pick(self, row: dict[str, Any], name: str) -> Any:
        """`name`_vi or `name`_en of a row; the other one where it is missing."""
        other = "vi" if self.lang == "en" else "en"
        return row.get(f"{name}_{self.lang}") or row.get(f"{name}_{other}")
