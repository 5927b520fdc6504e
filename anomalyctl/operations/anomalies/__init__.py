"""What operators do with anomalies: list, select, show, act, watch."""
