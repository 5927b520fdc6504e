"""A model in, a table, panel or line out."""
