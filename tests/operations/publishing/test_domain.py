"""The detectors' own host name: its certificate is bound once Azure has issued it, nothing else changes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from anomalyctl.errors import AnomalyctlError, TimedOut
from anomalyctl.operations.publishing import publishing
from anomalyctl.operations.publishing.domain import CERTIFICATE
from tests.support.azure_stand_in.publishing import GROUP

NAME = "detectors.wells.example"
ISSUED = f"{GROUP}/providers/Microsoft.App/managedEnvironments/cae-wells-dev/managedCertificates/detectors"


@pytest.fixture
def with_domain(checkout: Any, monkeypatch: Any) -> Any:
    """Terraform has made the host name, unbound, and asked for its certificate."""
    found = checkout.deployed()
    ids = {**found.ids, CERTIFICATE: ISSUED}
    monkeypatch.setattr(publishing, "deployed", lambda *_, **__: replace(found, ids=ids))
    other = {"name": "other.wells.example", "bindingType": "SniEnabled", "certificateId": "/another"}
    checkout.services.app()["configuration"]["ingress"]["customDomains"] = [
        other,
        {"name": NAME, "bindingType": "Disabled"},
    ]
    certificate = {"id": ISSUED, "properties": {"subjectName": NAME, "provisioningState": "Succeeded"}}
    checkout.azure.paper.resources[ISSUED.lower()] = certificate
    checkout.commit()
    return checkout


def domains(checkout: Any) -> dict[str, Any]:
    ingress = checkout.services.app()["configuration"]["ingress"]
    return {one["name"]: (one["bindingType"], one.get("certificateId")) for one in ingress["customDomains"]}


def test_the_certificate_is_bound_once(with_domain: Any) -> None:
    with_domain.publish("detectors")
    assert domains(with_domain) == {
        "other.wells.example": ("SniEnabled", "/another"),
        NAME: ("SniEnabled", ISSUED),
    }
    ingress = with_domain.services.app()["configuration"]["ingress"]
    assert (ingress["targetPort"], ingress["traffic"]) == (8000, [{"latestRevision": True, "weight": 100}])
    writes = with_domain.azure.paper.writes()
    with_domain.publish("detectors")
    assert with_domain.azure.paper.writes() == writes


def test_a_certificate_that_is_not_issued_yet_is_waited_for(with_domain: Any) -> None:
    properties = with_domain.azure.paper.resources[ISSUED.lower()]["properties"]
    properties["provisioningState"] = "Pending"
    with pytest.raises(TimedOut, match="certificate"):
        with_domain.publish("detectors")
    properties["provisioningState"] = "Succeeded"
    with_domain.publish("detectors")
    assert domains(with_domain)[NAME] == ("SniEnabled", ISSUED)


def test_a_certificate_that_is_refused_is_told_with_the_records_to_look_at(with_domain: Any) -> None:
    properties = with_domain.azure.paper.resources[ISSUED.lower()]["properties"]
    properties.update(provisioningState="Failed", error="CNAME does not lead here")
    with pytest.raises(AnomalyctlError, match="CNAME does not lead here") as refused:
        with_domain.publish("detectors")
    assert "asuid" in refused.value.hint
    assert domains(with_domain)[NAME] == ("Disabled", None)


def test_without_a_host_name_of_its_own_nothing_is_asked(checkout: Any) -> None:
    checkout.commit()
    checkout.publish("detectors")
    assert not [path for _, path, _ in checkout.azure.paper.requests if "managedCertificates" in path]
