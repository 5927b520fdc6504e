"""One Azure on loopback in which nothing stands yet."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.azure_stand_in.running import running_azure
from tests.support.azurite import running_azurite
from tests.support.terraform_tool import require_terraform
from tests.support.tiny_dashboard import node_or_skip
from tests.support.whole_azure import WholeAzure, certificates_for_all, free_redis_address, whole_azure


@pytest.fixture
def azure(tmp_path: Path, valkey: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[WholeAzure]:
    require_terraform()
    node_or_skip()
    redis_address = free_redis_address()
    certificates = certificates_for_all(tmp_path / "certificates", redis_address)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificates.bundle))  # the detectors run in this process
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    with (
        running_azure(certificates) as paper,
        running_azurite(tmp_path, paper) as azurite,
        whole_azure(azurite, valkey, tmp_path, redis_address) as made,
    ):
        yield made
