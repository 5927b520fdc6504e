"""The stores as the Container Apps job has them: from its settings, where there is no Terraform to ask."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Final

from anomalyctl.environments import environment_named
from anomalyctl.operations.connections import Connections
from anomalyctl.project import find_project

if TYPE_CHECKING:
    from anomalyctl.stores.anomalies import AnomalyStore
    from anomalyctl.stores.readings import ReadingStore

JOB: Final = "CONTAINER_APP_JOB_NAME"
"""Azure sets it in the replicas of a job, and nowhere else."""


class JobConnections(Connections):
    """The functions' stores, with the functions' identity."""

    @cached_property
    def readings(self) -> ReadingStore:
        """Redis: the queue, the windows, models and memories."""
        from anomalyctl.pipeline.worker import worker

        return worker().readings

    @cached_property
    def anomalies(self) -> AnomalyStore:
        """Cosmos DB: verdicts, episodes, what operators did."""
        from anomalyctl.pipeline.worker import worker

        return worker().anomalies


def connect_in_job(environment_name: str, environ: Mapping[str, str]) -> JobConnections | None:
    """Connections in a job of that environment; None on any other machine. Raises UnknownEnvironment."""
    if not environ.get(JOB):
        return None
    project = find_project(environ)
    return JobConnections(project, environment_named(project, environment_name))
