"""The stand-in on a free port of loopback, and what a client needs to find it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from anomalyctl.azure.cloud import Cloud, cloud_from
from tests.support.azure_stand_in import blobs, entra
from tests.support.azure_stand_in.monitor import Monitor
from tests.support.azure_stand_in.paper import SUBSCRIPTION_ID, Paper
from tests.support.azure_stand_in.resource_manager import ResourceManagerStandIn
from tests.support.certificates import Certificates, serving_https

_METHODS = ["GET", "HEAD", "PUT", "PATCH", "POST", "DELETE"]


@dataclass
class AzureStandIn:
    """A running stand-in: its paper, its address, and a sign-in."""

    certificates: Certificates
    paper: Paper = field(default_factory=Paper)
    address: str = ""
    storage_suffix: str = ""
    """What the metadata host tells Terraform that storage addresses end with."""
    credential: entra.StandInCredential = field(default_factory=entra.StandInCredential)
    monitor: Monitor = field(default_factory=Monitor)

    def begin_anew(self) -> None:
        """Forget everything."""
        self.paper = Paper(audience=self.address)
        self.credential = entra.StandInCredential()
        self.monitor = Monitor()

    def environ(self, **more: str) -> dict[str, str]:
        """The variables with which a command finds the stand-in and signs in to it as a service principal."""
        return {
            "ANOMALYCTL_AZURE_RESOURCE_MANAGER": self.address,
            "ANOMALYCTL_AZURE_AUDIENCE": self.address,
            "ANOMALYCTL_AZURE_AUTHORITY": self.address,
            "ANOMALYCTL_AZURE_BLOBS": f"{self.address}/blobs",
            "ANOMALYCTL_AZURE_CA_BUNDLE": str(self.certificates.authority),
            "ARM_TENANT_ID": entra.TENANT,
            "ARM_CLIENT_ID": entra.CLIENT,
            "ARM_CLIENT_SECRET": entra.SECRET,
            "ARM_SUBSCRIPTION_ID": SUBSCRIPTION_ID,
            **more,
        }

    def cloud(self) -> Cloud:
        """The same, for code that is given a cloud."""
        return cloud_from(self.environ())


@contextmanager
def running_azure(certificates: Certificates) -> Iterator[AzureStandIn]:
    """Serve Entra, Resource Manager and blobs at one address, which is also the tokens' audience."""
    stand_in = AzureStandIn(certificates)

    async def answer(request: Request) -> Response:
        signed_in: Any = await entra.answer(request, stand_in.address)
        if signed_in is not None:
            return signed_in
        if request.url.path == "/metadata/endpoints":
            return JSONResponse(_metadata(stand_in))
        if request.url.path.startswith("/blobs/"):
            return await blobs.answer(stand_in.paper, request)
        if (told := stand_in.monitor.answer(request, stand_in.address)) is not None:
            return told
        return await ResourceManagerStandIn(stand_in.paper, stand_in.address).answer(request)

    application = Starlette(routes=[Route("/{path:path}", answer, methods=_METHODS)])
    with serving_https(application, certificates) as address:
        stand_in.address = address
        stand_in.begin_anew()
        yield stand_in


def _metadata(stand_in: AzureStandIn) -> dict[str, Any]:
    """What Terraform asks a metadata host (ARM_METADATA_HOSTNAME) about a cloud."""
    return {
        "name": "AzureStandIn",
        "portal": stand_in.address,
        "resourceManager": stand_in.address,
        "microsoftGraphResourceId": stand_in.address,
        "authentication": {
            "loginEndpoint": stand_in.address,
            "audiences": [stand_in.address],
            "tenant": "common",
            "identityProvider": "AAD",
        },
        "suffixes": {"storage": stand_in.storage_suffix},
    }
