"""Records of calls: what was asked, what was answered, by which version, in which time.

A worker writes a record into its ring in shared memory; one process takes the records out of all rings and writes them
to a store: SQLite, PostgreSQL or Parquet files (docs/how-to/records.md).
"""
