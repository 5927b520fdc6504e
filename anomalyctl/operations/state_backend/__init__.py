"""The storage account that keeps the Terraform state: made once, and moved into."""

from anomalyctl.operations.state_backend.bootstrap import Bootstrapped, Change, bootstrap_state_backend

__all__ = ["Bootstrapped", "Change", "bootstrap_state_backend"]
