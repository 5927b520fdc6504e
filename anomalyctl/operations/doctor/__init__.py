"""What is there, what is missing, and the command that mends it. Looking changes nothing."""

from anomalyctl.operations.doctor.checks import Check, Examination, Outcome
from anomalyctl.operations.doctor.machine import examine

__all__ = ["Check", "Examination", "Outcome", "examine"]
