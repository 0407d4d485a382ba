"""Cases as a frame for analysis: one row a case, typed columns, in CSV, Parquet or Excel."""
