"""The dashboard: built from the checkout, run on this machine, opened in a browser."""
