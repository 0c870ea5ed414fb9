create or replace view {database}.{mart} ({columns}) comment {comment} as select * from parquet.{file}
