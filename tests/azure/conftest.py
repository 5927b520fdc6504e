"""The stand-in for Azure over HTTPS, fresh for each test, and an environment that lives there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from anomalyctl.environments import Environment
from anomalyctl.project import Project
from tests.support.azure_stand_in.running import AzureStandIn, running_azure
from tests.support.certificates import Certificates


@dataclass
class FakeTime:
    """A clock that only sleeping moves."""

    now: float = 1000.0
    slept: list[float] = field(default_factory=list)

    def clock(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return Certificates.made_in(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(scope="session")
def running_stand_in(certificates: Certificates) -> Iterator[AzureStandIn]:
    with running_azure(certificates) as stand_in:
        yield stand_in


@pytest.fixture
def azure(running_stand_in: AzureStandIn, monkeypatch: pytest.MonkeyPatch) -> AzureStandIn:
    for variable in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(variable, raising=False)
    running_stand_in.begin_anew()
    return running_stand_in


@pytest.fixture
def fake_time() -> FakeTime:
    return FakeTime()


@pytest.fixture
def dev() -> Environment:
    return Environment(name="dev", kind="azure", protected=False, summary="for the tests")


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(root=tmp_path, state=tmp_path / ".anomalyctl")
