"""An environment `dev` of paper whose Cosmos DB account has a backup."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from anomalyctl.operations.deployed_state import Deployed
from anomalyctl.operations.restoring import environment_restore, opening
from anomalyctl.operations.restoring.journal import Journal, Restore
from anomalyctl.operations.restoring.opening import Restoring
from tests.support.azure_stand_in.publishing import DASHBOARD, FUNCTIONS
from tests.support.azure_stand_in.restoring import OLD, OLD_DOOR, RestoringStandIn, running_restoring
from tests.support.certificates import Certificates

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
AT = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
LISTED = '[environments.dev]\nkind = "azure"\nprotected = false\n[environments.local]\nkind = "local"\n'


class Killed(BaseException):
    """As SIGKILL: nothing of ours runs afterwards."""


class Site:
    """The environment, and what is done with it."""

    def __init__(self, root: Path, cloud: RestoringStandIn) -> None:
        self.root, self.cloud = root, cloud
        self.told: list[str] = []
        self.slept: list[float] = []
        self.known: list[tuple[str, dict[str, str]]] = []
        """What Terraform was told."""
        self.terraform_fails = False
        self.in_state, self.door_in_state = OLD, OLD_DOOR
        """The account and the private endpoint that Terraform has."""
        self.access_keys = False
        self.killed_after: str = ""
        (root / "terraform" / "environments").mkdir(parents=True)
        (root / "terraform" / "environments" / "environments.toml").write_text(LISTED)
        (root / "terraform" / "main.tf").touch()

    def restoring(self) -> Restoring:
        environ = {
            **os.environ,
            "ANOMALYCTL_PROJECT": str(self.root),
            **self.cloud.azure.environ(),
        }
        return Restoring("dev", progress=self, environ=environ, sleep=self.slept.append, clock=lambda: NOW)

    def restore(self, at: datetime | None = AT) -> Any:
        return environment_restore.restore_cosmos(self.restoring(), at)

    def back(self) -> Any:
        return environment_restore.return_from_restore(self.restoring())

    def finish(self) -> Any:
        return environment_restore.finish_restore(self.restoring())

    def lose_journal(self) -> None:
        """As on a machine that never heard of it."""
        (self.root / ".anomalyctl" / "dev" / "restore.json").unlink()

    @property
    def journal(self) -> Restore:
        found = Journal(self.root / ".anomalyctl" / "dev" / "restore.json").read()
        assert found is not None
        return found

    def deployed(self) -> Deployed:
        account = self.in_state
        outputs = {
            "key_vault_uri": self.cloud.azure.address,
            "app_service_url": self.cloud.azure.address,
            "function_app_name": "func-wells-dev",
        }
        ids = {
            "azurerm_cosmosdb_account.this": account,
            "azurerm_cosmosdb_sql_database.this": f"{account}/sqlDatabases/anomaly-detection",
            'azurerm_monitor_diagnostic_setting.this["cosmos-db"]': f"{account}|diag-wells-dev",
            'azurerm_private_endpoint.this["cosmos-db"]': self.door_in_state,
            "azurerm_linux_function_app.this[0]": FUNCTIONS,
            "azurerm_linux_web_app.dashboard": DASHBOARD,
            "azurerm_cosmosdb_account.alike": f"{OLD}-rffff",
        }
        return Deployed("dev", 7, "lineage", outputs, ids, (), access_keys=self.access_keys)

    def step(self, text: str) -> None:
        self.told.append(text)
        if self.killed_after and self.killed_after in text:
            self.killed_after = ""
            raise Killed

    done = warn = step

    def advance(self, done: int, total: int, text: str) -> None:
        self.step(text)


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RestoringStandIn]:
    with running_restoring(Certificates.made_in(tmp_path_factory.mktemp("certificates"))) as cloud:
        yield cloud


@pytest.fixture
def cloud(running: RestoringStandIn) -> RestoringStandIn:
    running.azure.begin_anew()
    running.__init__(running.azure)  # type: ignore[misc]
    running.furnish()
    return running


@pytest.fixture
def site(tmp_path: Path, cloud: RestoringStandIn, monkeypatch: pytest.MonkeyPatch) -> Site:
    for variable in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(variable, raising=False)
    made = Site(tmp_path / "project", cloud)
    monkeypatch.setattr(opening, "deployed", lambda *_, **__: made.deployed())
    monkeypatch.setattr(opening, "forget", lambda *_: None)

    @contextmanager
    def paper_stage(*_: Any, **__: Any) -> Iterator[None]:
        if made.terraform_fails:
            from anomalyctl.errors import AnomalyctlError

            raise AnomalyctlError("Terraform did not want to.")
        yield None

    def put(_: Any, name: str, wanted: Mapping[str, str]) -> str:
        made.known.append((name, dict(wanted)))
        return "a-copy"

    # Terraform itself: test_terraform_knows.py.
    monkeypatch.setattr(opening, "stage", paper_stage)
    monkeypatch.setattr(opening, "put_in_place", put)
    return made
