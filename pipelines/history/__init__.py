"""History: figures as they were known on any day (restate), and why two versions of them differ (compare)."""
