"""The language model that writes contexts. It changes no alarm type and no status: arithmetic judges."""
