"""What is done with detectors themselves: trying them on recordings, fitting and choosing models."""
