"""Terraform is optional on a newcomer's machine: what needs it says so and is left out."""

from __future__ import annotations

import shutil

import pytest

REASON = "terraform 1.11 or newer is not on PATH"


def require_terraform() -> None:
    """Skip the test that asks where there is no Terraform; the summary has the reason."""
    if shutil.which("terraform") is None:
        pytest.skip(REASON)
