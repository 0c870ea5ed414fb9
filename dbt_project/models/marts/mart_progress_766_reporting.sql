-- grain: source, period, agency_code: mart_progress_766 for the periods closed on the 14th (scheme reporting, timeliness §5), beside the reports of those
-- periods.
{{ progress_766('reporting') }}
