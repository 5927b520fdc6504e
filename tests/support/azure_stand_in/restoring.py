"""A Cosmos DB account of paper with a backup: what is restored from it takes its time, and lacks what a
restore lacks.
"""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from anomalyctl.stores.anomalies.schema import CONTAINERS, DATABASE_NAME
from tests.support.azure_stand_in import entra
from tests.support.azure_stand_in.paper import SUBSCRIPTION_ID, Document
from tests.support.azure_stand_in.publishing import DASHBOARD, FUNCTIONS, GROUP
from tests.support.azure_stand_in.resource_manager import ResourceManagerStandIn
from tests.support.azure_stand_in.running import AzureStandIn
from tests.support.certificates import Certificates, serving_https

COSMOS_API, NETWORK_API, SITES_API = "2024-11-15", "2023-11-01", "2023-12-01"
OLD = f"{GROUP}/providers/Microsoft.DocumentDB/databaseAccounts/cosno-wells-dev-1a2b"
ENDPOINTS = f"{GROUP}/providers/Microsoft.Network/privateEndpoints"
OLD_DOOR = f"{ENDPOINTS}/pep-cosmos-db-wells-dev"
SUBNET = f"{GROUP}/providers/Microsoft.Network/virtualNetworks/vnet/subnets/private-endpoints"
ZONE = f"{GROUP}/providers/Microsoft.Network/privateDnsZones/privatelink.documents.azure.com"
RESTORABLE = (
    f"/subscriptions/{SUBSCRIPTION_ID}/providers/Microsoft.DocumentDB/locations/eastus/"
    "restorableDatabaseAccounts"
)
SOURCE = f"{RESTORABLE}/9d4ee6f1-0000-4000-8000-000000000001"
IDENTITIES = ("55555555-5555-4555-8555-555555555551", "55555555-5555-4555-8555-555555555552")
SECRET_NAME = "COSMOS-DB-CONNECTION-STRING"  # pragma: allowlist secret
BUILT_IN = "sqlRoleDefinitions/00000000-0000-0000-0000-00000000000"


@dataclass
class RestoringStandIn:
    """The account, its surroundings, a vault and a dashboard; tests read it and spoil it."""

    azure: AzureStandIn
    minutes: int = 3
    """How often a restored account is not ready yet."""
    ends: str = "Succeeded"
    holds_the_database: bool = True
    secrets: list[str] = field(default_factory=list)
    """The versions of the connection string, the newest last."""
    vault_closed: bool = False
    unwell: int = 0
    restarted: list[str] = field(default_factory=list)
    refreshed: list[str] = field(default_factory=list)
    accounts: list[Document] = field(default_factory=list)
    """What stands."""
    bodies: list[Document] = field(default_factory=list)
    """What accounts were asked for."""

    def furnish(self) -> None:
        """What Terraform has made."""
        resources, collections = self.azure.paper.resources, self.azure.paper.collections
        self.azure.paper.resources[GROUP.lower()] = {"id": GROUP, "location": "eastus"}
        resources[OLD.lower()] = old_account()
        self._database(OLD, ttl=True)
        roles = [
            {
                "id": f"{OLD}/sqlRoleAssignments/66666666-6666-4666-8666-66666666666{number}",
                "properties": {
                    "roleDefinitionId": f"{OLD}/{BUILT_IN}{number}",
                    "scope": f"{OLD}/dbs/{DATABASE_NAME}",
                    "principalId": identity,
                },
            }
            for number, identity in enumerate(IDENTITIES, 1)
        ]
        collections[f"{OLD}/sqlRoleAssignments".lower()] = (COSMOS_API, roles)
        collections[f"{OLD}/sqlRoleDefinitions".lower()] = (COSMOS_API, [])
        setting = {
            "name": "diag-wells-dev",
            "properties": {"workspaceId": f"{GROUP}/log", "logs": [{"category": "DataPlaneRequests"}]},
        }
        diagnostics = "providers/Microsoft.Insights/diagnosticSettings"
        collections[f"{OLD}/{diagnostics}".lower()] = ("2021-05-01-preview", [setting])
        about = {"accountName": "cosno-wells-dev-1a2b", "creationTime": "2026-08-01T00:00:00Z"}
        mine = {"id": SOURCE, "properties": {**about, "oldestRestorableTime": "2026-10-21T06:00:00Z"}}
        others = [
            {"id": f"{RESTORABLE}/other{n}", "properties": {**about, "accountName": f"another-{n}"}}
            for n in range(3)
        ]
        collections[RESTORABLE.lower()] = (COSMOS_API, [*others, mine])
        resources[OLD_DOOR.lower()] = {
            "id": OLD_DOOR,
            "location": "eastus",
            "tags": {"environment": "dev"},
            "properties": {
                "provisioningState": "Succeeded",
                "subnet": {"id": SUBNET},
                "privateLinkServiceConnections": [
                    {
                        "name": "psc-cosmos-db",
                        "properties": {"privateLinkServiceId": OLD, "groupIds": ["Sql"]},
                    }
                ],
            },
        }
        zones = [{"name": "documents", "properties": {"privateDnsZoneId": ZONE, "recordSets": []}}]
        group = {"name": "default", "properties": {"privateDnsZoneConfigs": zones}}
        collections[f"{OLD_DOOR}/privateDnsZoneGroups".lower()] = (NETWORK_API, [group])
        self.accounts = [resources[OLD.lower()]]
        collections[OLD.rpartition("/")[0].lower()] = (COSMOS_API, self.accounts)
        self.secrets = ["AccountEndpoint=https://cosno-wells-dev-1a2b.documents.azure.com:443/;"]
        self._sites()
        accounts = OLD.rpartition("/")[0]
        self.azure.paper.put = self._put
        self.azure.paper.hooks.append((rf"PUT {re.escape(accounts)}/[a-z0-9-]+", self._began))
        self.azure.paper.hooks.append((rf"GET {re.escape(accounts)}/[a-z0-9-]+", self._goes_on))

    def account(self, account_id: str) -> Document:
        return self.azure.paper.resources[account_id.lower()]

    def settings(self) -> dict[str, str]:
        found = self.azure.paper.resources[f"{FUNCTIONS}/config/appsettings".lower()]["properties"]
        return {name: value for name, value in found.items() if name != "provisioningState"}

    def role_principals(self, account_id: str) -> set[str]:
        prefix = f"{account_id}/sqlRoleAssignments/".lower()
        found = self.azure.paper.resources
        return {found[key]["properties"]["principalId"] for key in found if key.startswith(prefix)}

    def ttl(self, account_id: str, container: str) -> int | None:
        path = f"{account_id}/sqlDatabases/{DATABASE_NAME}/containers/{container}".lower()
        return self.azure.paper.resources[path]["properties"]["resource"].get("defaultTtl")

    def answer(self, request: Request, body: bytes) -> Response | None:
        """The vault and the dashboard; None for what is Resource Manager's."""
        if request.url.path == "/api/health":
            if self.unwell:
                self.unwell -= 1
                return Response(status_code=503)
            return JSONResponse({})
        if request.url.path != f"/secrets/{SECRET_NAME}":
            return None
        claims = entra.claims_of(request.headers.get("authorization", "").removeprefix("Bearer "))
        if not str(claims.get("aud", "")).startswith("https://vault") or self.vault_closed:
            error = {"error": {"code": "Forbidden", "message": "Public network access is disabled."}}
            return JSONResponse(error, 403)
        if request.method == "PUT":
            sent = json.loads(body)
            assert sent["tags"] == {"environment": "dev"}
            self.secrets.append(sent["value"])
        return JSONResponse({"value": self.secrets[-1], "tags": {"environment": "dev"}})

    def _database(self, account: str, *, ttl: bool) -> None:
        resources = self.azure.paper.resources
        database = f"{account}/sqlDatabases/{DATABASE_NAME}"
        resources[database.lower()] = {"id": database, "properties": {"resource": {"id": DATABASE_NAME}}}
        for one in CONTAINERS:
            about: Document = {
                "id": one.name,
                "partitionKey": {"paths": [one.partition_key], "kind": "Hash", "version": 2},
                "_rid": "abc",
                "_ts": 1,
            }
            if ttl and one.default_ttl_s is not None:
                about["defaultTtl"] = one.default_ttl_s
            path = f"{database}/containers/{one.name}"
            resources[path.lower()] = {"id": path, "properties": {"resource": about}}

    def _sites(self) -> None:
        paper = self.azure.paper
        for site in (FUNCTIONS, DASHBOARD):
            paper.resources[site.lower()] = {"id": site, "properties": {}}
            name = site.rpartition("/")[2]
            paper.questions[f"{site}/restart".lower()] = (
                SITES_API,
                lambda _, name=name: self.restarted.append(name) or {},
            )
            paper.questions[f"{site}/config/configreferences/appsettings/refresh".lower()] = (
                SITES_API,
                lambda _, name=name: self.refreshed.append(name) or {},
            )
        paper.resources[f"{FUNCTIONS}/hostruntime/admin/host/status".lower()] = {"state": "Running"}
        path = f"{FUNCTIONS}/config/appsettings".lower()
        before = "https://cosno-wells-dev-1a2b.documents.azure.com:443/"
        paper.resources[path] = {
            "properties": {"COSMOS_TRIGGER__accountEndpoint": before, "REDIS_POOL_SIZE": "16"}
        }
        paper.questions[f"{path}/list"] = (SITES_API, lambda _: copy.deepcopy(paper.resources[path]))

    def _put(self, path: str) -> None:
        self._last = path

    def _began(self) -> None:
        """A restore keeps neither tags' companions nor who gets in, and its containers' TTL is off."""
        account = self.account(self._last)
        about = account["properties"]
        assert about["createMode"] == "Restore"
        assert about["restoreParameters"]["restoreWithTtlDisabled"] is True
        self.bodies.append(copy.deepcopy(account))
        name = self._last.rpartition("/")[2]
        about.update(
            provisioningState="Creating",
            publicNetworkAccess="Enabled",
            documentEndpoint=f"https://{name}.documents.azure.com:443/",
        )
        account.update(
            id=self._last, name=name, systemData={"createdAt": f"2026-11-20T12:0{len(self.bodies)}"}
        )
        self.accounts.append(account)
        self._left = self.minutes
        self._new = self._last
        collections = self.azure.paper.collections
        collections[f"{self._last}/sqlRoleAssignments".lower()] = (COSMOS_API, [])
        keys = {"primaryMasterKey": f"key-of-{name}"}
        self.azure.paper.questions[f"{self._last}/listKeys".lower()] = (COSMOS_API, lambda _: keys)
        if self.holds_the_database:
            self._database(self._last, ttl=False)

    def _goes_on(self) -> None:
        new = getattr(self, "_new", "")
        about = self.azure.paper.resources.get(new.lower(), {}).get("properties", {})
        if about.get("provisioningState") == "Creating":
            self._left -= 1
            if self._left <= 0:
                about["provisioningState"] = self.ends


def old_account() -> Document:
    """As Terraform makes it: serverless, without keys, closed."""
    return {
        "id": OLD,
        "name": OLD.rpartition("/")[2],
        "location": "East US",
        "kind": "GlobalDocumentDB",
        "tags": {"environment": "dev"},
        "properties": {
            "provisioningState": "Succeeded",
            "documentEndpoint": "https://cosno-wells-dev-1a2b.documents.azure.com:443/",
            "databaseAccountOfferType": "Standard",
            "publicNetworkAccess": "Disabled",
            "disableLocalAuth": True,
            "disableKeyBasedMetadataWriteAccess": True,
            "minimalTlsVersion": "Tls12",
            "ipRules": [],
            "consistencyPolicy": {"defaultConsistencyLevel": "Session"},
            "capabilities": [{"name": "EnableServerless"}],
            "backupPolicy": {
                "type": "Continuous",
                "continuousModeProperties": {"tier": "Continuous30Days"},
            },
            "locations": [{"locationName": "East US", "failoverPriority": 0, "isZoneRedundant": False}],
        },
    }


class _Manager(ResourceManagerStandIn):
    async def _dispatch(
        self, method: str, path: str, version: str, body: Any, query: dict[str, str], claims: Document
    ) -> Response:
        if method == "DELETE":
            gone = [
                key
                for key in self.paper.resources
                if key == path.lower() or key.startswith(f"{path.lower()}/")
            ]
            for key in gone:
                del self.paper.resources[key]
            for _, listed in self.paper.collections.values():
                listed[:] = [one for one in listed if str(one.get("id", "")).lower() != path.lower()]
            return Response(status_code=200 if gone else 204)
        return await super()._dispatch(method, path, version, body, query, claims)


@contextmanager
def running_restoring(certificates: Certificates) -> Iterator[RestoringStandIn]:
    """Serve Entra, Resource Manager, the vault and the dashboard's health at one address."""
    stand_in = RestoringStandIn(AzureStandIn(certificates))

    async def answer(request: Request) -> Response:
        azure = stand_in.azure
        signed_in: Any = await entra.answer(request, azure.address)
        if signed_in is not None:
            return signed_in
        other = stand_in.answer(request, await request.body())
        return other or await _Manager(azure.paper, azure.address).answer(request)

    methods = ["GET", "HEAD", "PUT", "PATCH", "POST", "DELETE"]
    application = Starlette(routes=[Route("/{path:path}", answer, methods=methods)])
    with serving_https(application, certificates) as address:
        stand_in.azure.address = address
        yield stand_in
