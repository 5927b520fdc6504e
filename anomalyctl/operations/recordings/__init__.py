"""Recordings of real plants: CSV, JSON Lines and Parquet, row by row."""
