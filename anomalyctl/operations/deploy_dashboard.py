"""The dashboard of one deploy: built in a thread of its own while the other parts start."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from anomalyctl.errors import AnomalyctlError, MissingTool
from anomalyctl.local.dashboard_part import dashboard_address, dashboard_part
from anomalyctl.local.environment import DASHBOARD
from anomalyctl.local.folder import LocalFolder
from anomalyctl.local.part import Part
from anomalyctl.local.secrets_file import LocalSecrets
from anomalyctl.operations.anomalies.acting import operator_name
from anomalyctl.operations.dashboard.building import Builder
from anomalyctl.operations.dashboard.node import find_node
from anomalyctl.operations.progress import Progress
from anomalyctl.project import Project

_LOOK_S: Final = 0.2


@dataclass(frozen=True, slots=True)
class DashboardDeployment:
    """What became of the dashboard."""

    state: Literal["running", "left out", "failed"]
    address: str | None = None
    reason: str = ""
    """Why it does not run, in one line."""
    hint: str = ""


LEFT_OUT: Final = DashboardDeployment("left out", reason="It was not asked for (--no-dashboard).")


class DashboardWork:
    """Makes the dashboard's part; see LatePart."""

    name = DASHBOARD

    def __init__(self, builder: Builder, operator: str) -> None:
        self._builder = builder
        self._operator = operator
        self._cancelled = threading.Event()
        self._error: BaseException | None = None
        self._thread: threading.Thread | None = None
        # Waited for instead of the thread: a `join` that Ctrl-C interrupts takes the thread for ended.
        self._ended = threading.Event()
        self.outcome = LEFT_OUT

    @classmethod
    def look_for(
        cls, project: Project, folder: LocalFolder, environ: Mapping[str, str], progress: Progress
    ) -> DashboardWork | DashboardDeployment:
        """The work, or why there is none: no such service in this project, or no Node (which is told)."""
        source = project.services / "dashboard"
        if not (source / "package.json").is_file():
            return DashboardDeployment("left out", reason=f"There is no {source}.")
        try:
            node = find_node(environ)
        except MissingTool as error:
            progress.warn(f"Going on without the dashboard. {error.message} {error.hint}")
            return DashboardDeployment("left out", reason=error.message, hint=error.hint)
        home = project.state / "dashboard"
        builder = Builder(source, home, folder.log_of("dashboard-build"), node, environ)
        return cls(builder, operator_name(environ))

    def begin(self) -> None:
        """Start building, unless there is a build of these sources."""
        if self._builder.kept() is None:
            self._thread = threading.Thread(target=self._build, name="dashboard-build")
            self._thread.start()

    def now(self, ports: Mapping[str, int], secrets: LocalSecrets) -> Part | None:
        """The part that serves the build of these sources; None where there is none."""
        build = self._builder.kept()
        if build is None:
            return None
        address = dashboard_address(ports[DASHBOARD])
        self.outcome = DashboardDeployment("running", address=address)
        return dashboard_part(build.folder, build.digest, build.node.node, self._operator, ports, secrets)

    def wait(self, progress: Progress) -> bool:
        """Wait for the build. False where it failed; the reason is told and the rest goes on."""
        if self._thread is None:
            return True
        told = ""
        while not self._ended.is_set():
            if self._builder.stage != told:
                told = self._builder.stage
                progress.step(f"Building the dashboard: {told}")
            self._ended.wait(_LOOK_S)
        if self._error is None:
            progress.done("The dashboard is built")
            return True
        if not isinstance(self._error, AnomalyctlError):
            raise self._error
        self.failed(self._error.message, self._error.hint)
        progress.warn(f"Going on without the dashboard. {self._error.message} {self._error.hint}")
        return False

    def failed(self, why: str, hint: str) -> None:
        """Keep why it does not run."""
        self.outcome = DashboardDeployment("failed", reason=why, hint=hint)

    def cancel(self) -> None:
        """End the build, and return when nothing of it is left."""
        self._cancelled.set()
        if self._thread is not None:
            self._ended.wait()
            if self._error is not None and self.outcome.state != "failed":
                self.failed("Its build was broken off.", "")

    def _build(self) -> None:
        try:
            self._builder.build(self._cancelled)
        except BaseException as error:  # noqa: BLE001 - told, or raised, by the thread that waits
            self._error = error
        finally:
            self._ended.set()
