"""The detectors over HTTP: a thin door onto `anomalyctl.detection`."""
