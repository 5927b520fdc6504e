"""What anomalyctl does: typed results, progress through a port, no printing."""
