"""The environment `local`: the whole system on one machine, supervised, on loopback."""
