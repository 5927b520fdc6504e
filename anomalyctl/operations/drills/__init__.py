"""Disasters rehearsed on this machine: what is lost, and how long it takes to be well again."""
