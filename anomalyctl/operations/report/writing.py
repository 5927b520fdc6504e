"""Who writes a report's summary: the language model of the variables, else the environment's own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from anomalyctl.language.summary import PATIENT, SummaryWriter, summary_writer_from
from anomalyctl.operations.azure_connections import AzureConnections

if TYPE_CHECKING:
    from anomalyctl.operations.connections import Connections


def summary_writer(connections: Connections, environ: Mapping[str, str]) -> SummaryWriter | None:
    """The writer; None where no language model is configured, neither here nor in Terraform's outputs.

    The environment's own is asked as the one who asks for the report, with Entra. Raises InvalidInput for
    variables that are half set.
    """
    given = summary_writer_from(environ)
    if given is not None or not isinstance(connections, AzureConnections):
        return given
    where = connections.deployed
    endpoint = where.optional("openai_endpoint").rstrip("/")
    deployment = where.optional("openai_deployment_name")
    if not (endpoint and deployment):
        return None
    from anomalyctl.azure.sign_in import token_for
    from anomalyctl.language.client import SCOPE, LanguageClient
    from anomalyctl.language.settings import LanguageSettings

    return SummaryWriter(
        LanguageClient(
            LanguageSettings(endpoint, deployment),
            policy=PATIENT,
            token=lambda: token_for(connections.credential, SCOPE).token,
            verify=connections.verification(),
        )
    )
