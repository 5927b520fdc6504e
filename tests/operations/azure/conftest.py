"""A deployed environment of Azure on loopback, fresh for each test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.azure_environment import AzureEnvironment, azure_environment
from tests.support.certificates import Certificates
from tests.support.terraform_tool import require_terraform


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return Certificates.made_in(tmp_path_factory.mktemp("certificates"))


@pytest.fixture
def azure(
    certificates: Certificates, valkey: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[AzureEnvironment]:
    require_terraform()
    for variable in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy", "HTTP_PROXY", "http_proxy"):
        monkeypatch.delenv(variable, raising=False)
    with azure_environment(certificates, valkey, tmp_path, monkeypatch) as running:
        yield running
