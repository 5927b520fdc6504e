"""Queries: a grammar for the subset of Cosmos SQL that is sent here, and what it means."""
