"""What the stand-in knows of kinds of resources: API versions, and what a body must hold."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Kind:
    """A kind of resource: where it may stand, and what Azure would refuse of it."""

    pattern: str
    api_versions: frozenset[str]
    required: tuple[str, ...] = ()
    """Dotted paths that a body of a PUT must hold."""
    allowed: dict[str, tuple[Any, ...]] = field(default_factory=dict)
    slow: bool = False
    """Answered 202 with an operation to be polled."""
    slow_change: bool = False
    """The same for a PATCH."""

    def matches(self, path: str) -> bool:
        return re.fullmatch(self.pattern, path, re.IGNORECASE) is not None

    def refusal(self, body: dict[str, Any]) -> str:
        """Why a body is refused; empty where it is not."""
        for dotted in self.required:
            if _at(body, dotted) is None:
                return f"The request body lacks {dotted}."
        for dotted, values in self.allowed.items():
            if (value := _at(body, dotted)) is not None and value not in values:
                return f"The value {value!r} of {dotted} is not supported."
        return ""


SUBSCRIPTION = r"/subscriptions/[0-9a-f-]{36}"
GROUP = SUBSCRIPTION + r"/resourceGroups/[\w().-]+"
ACCOUNT = GROUP + r"/providers/Microsoft\.Storage/storageAccounts/[a-z0-9]{3,24}"

KINDS = (
    Kind(GROUP, frozenset({"2025-04-01"}), required=("location",)),
    Kind(
        ACCOUNT,
        frozenset({"2024-01-01"}),
        required=("location", "kind", "sku.name"),
        allowed={
            "kind": ("StorageV2", "BlobStorage", "BlockBlobStorage", "FileStorage"),
            "properties.minimumTlsVersion": ("TLS1_0", "TLS1_1", "TLS1_2", "TLS1_3"),
            "properties.allowSharedKeyAccess": (True, False),
        },
        slow=True,
    ),
    Kind(ACCOUNT + r"/blobServices/default", frozenset({"2024-01-01"}), required=("properties",)),
    Kind(
        ACCOUNT + r"/blobServices/default/containers/[a-z0-9-]{3,63}",
        frozenset({"2024-01-01"}),
        allowed={"properties.publicAccess": ("None", "Blob", "Container")},
    ),
    Kind(
        r".+/providers/Microsoft\.Authorization/roleAssignments/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}",
        frozenset({"2022-04-01"}),
        required=("properties.roleDefinitionId", "properties.principalId"),
        allowed={"properties.principalType": ("User", "Group", "ServicePrincipal")},
    ),
    Kind(
        r".+/providers/Microsoft\.Authorization/locks/[\w.-]+",
        frozenset({"2020-05-01"}),
        required=("properties.level",),
        allowed={"properties.level": ("CanNotDelete", "ReadOnly")},
    ),
)

_REGISTRY = GROUP + r"/providers/Microsoft\.ContainerRegistry/registries/\w{5,50}"
_SITE = GROUP + r"/providers/Microsoft\.Web/sites/[\w-]{2,60}"
_APP = GROUP + r"/providers/Microsoft\.App/(containerApps|jobs)/[a-z0-9-]{2,32}"
PUBLISHING_KINDS = (
    Kind(_APP, frozenset({"2024-03-01"}), slow_change=True),
    Kind(
        GROUP + r"/providers/Microsoft\.App/managedEnvironments/[\w-]{2,60}/managedCertificates/[\w-]+",
        frozenset({"2024-03-01"}),
    ),
    Kind(_APP + r"/revisions/[a-z0-9-]+", frozenset({"2024-03-01"})),
    Kind(_SITE, frozenset({"2023-12-01"})),
    Kind(_SITE + r"/hostruntime/admin/host/status", frozenset({"2023-12-01"})),
    Kind(_REGISTRY + r"/runs/\w+", frozenset({"2019-06-01-preview"})),
    Kind(
        r".+/providers/Microsoft\.Resources/tags/default",
        frozenset({"2021-04-01"}),
        allowed={"operation": ("Merge",)},
    ),
)
_COSMOS = GROUP + r"/providers/Microsoft\.DocumentDB/databaseAccounts/[a-z0-9-]{3,44}"
_ENDPOINT = GROUP + r"/providers/Microsoft\.Network/privateEndpoints/[\w.-]{2,80}"
_COSMOS_API = frozenset({"2024-11-15"})
RESTORING_KINDS = (
    Kind(
        _COSMOS,
        _COSMOS_API,
        required=("location", "properties.locations", "properties.databaseAccountOfferType"),
        allowed={"properties.createMode": ("Default", "Restore")},
        slow=True,
        slow_change=True,
    ),
    Kind(_COSMOS + r"/sqlDatabases/[\w-]+", _COSMOS_API, required=("properties.resource.id",)),
    Kind(
        _COSMOS + r"/sqlDatabases/[\w-]+/containers/\w+",
        _COSMOS_API,
        required=("properties.resource.id", "properties.resource.partitionKey", "properties.options"),
    ),
    Kind(
        _COSMOS + r"/sqlRoleAssignments/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}",
        _COSMOS_API,
        required=("properties.roleDefinitionId", "properties.principalId", "properties.scope"),
        slow=True,
    ),
    Kind(
        _ENDPOINT,
        frozenset({"2023-11-01"}),
        required=("location", "properties.subnet.id", "properties.privateLinkServiceConnections"),
        slow=True,
    ),
    Kind(
        _ENDPOINT + r"/privateDnsZoneGroups/[\w.-]+",
        frozenset({"2023-11-01"}),
        required=("properties.privateDnsZoneConfigs",),
        slow=True,
    ),
    Kind(
        r".+/providers/Microsoft\.Insights/diagnosticSettings/[\w.-]+",
        frozenset({"2021-05-01-preview"}),
        required=("properties.workspaceId",),
    ),
    Kind(_SITE + r"/config/appsettings", frozenset({"2023-12-01"}), required=("properties",)),
)
KINDS = (*KINDS, *PUBLISHING_KINDS, *RESTORING_KINDS)


def kind_at(path: str) -> Kind | None:
    """The most particular kind that a path may be."""
    matching = [kind for kind in KINDS if kind.matches(path)]
    return matching[-1] if matching else None


def _at(body: Any, dotted: str) -> Any:
    for name in dotted.split("."):
        body = body.get(name) if isinstance(body, dict) else None
    return body
