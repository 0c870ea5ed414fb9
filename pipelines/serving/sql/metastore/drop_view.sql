drop view if exists {database}.{mart}
