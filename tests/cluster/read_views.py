"""What somebody sees who asks Spark through a metastore: `read_views.py URI DATABASE [STATEMENT…]`.

Runs the statements, then prints as JSON the as_of of the figures, and view → number of rows, its columns, what is said
of the first one. A program of its own, for pyspark is one session for a process.
"""

import json
import sys

from pyspark.sql import SparkSession

if __name__ == "__main__":
    uri, database, *statements = sys.argv[1:]
    session = (
        SparkSession.builder.master("local[1]")
        .config("spark.ui.enabled", "false")
        .config("spark.driver.bindAddress", "127.0.0.1")
        .config("spark.driver.host", "127.0.0.1")
        .config("spark.sql.catalogImplementation", "hive")
        .config("spark.hadoop.hive.metastore.uris", uri)
        .getOrCreate()
    )
    for statement in statements:
        session.sql(statement)
    views = {}
    for row in session.sql(f"show views in {database}").collect():
        columns = session.sql(f"describe {database}.{row.viewName}").collect()
        views[row.viewName] = {
            "rows": session.table(f"{database}.{row.viewName}").count(),
            "columns": [column.col_name for column in columns],
            "said": columns[0].comment,
        }
    as_of = str(session.sql(f"select max(as_of) from {database}.fct_dossiers").collect()[0][0])
    session.stop()
    print(json.dumps({"as_of": as_of, "views": views}))
