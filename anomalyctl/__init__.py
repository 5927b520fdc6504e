"""anomalyctl: the whole life of an anomaly-detection system for injection wells."""

__version__ = "0.1.0"
