"""`python -m anomalyctl`."""

from anomalyctl.cli.main import run

run()
