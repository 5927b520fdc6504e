"""The detectors' own host name, bound to the certificate that Azure manages: Terraform's provider cannot."""

from __future__ import annotations

from typing import Final

from anomalyctl.azure.container_apps import CONTAINER_APPS_API, ContainerApp
from anomalyctl.errors import AnomalyctlError, TimedOut
from anomalyctl.operations.publishing.target import Target

CERTIFICATE: Final = "azurerm_container_app_environment_managed_certificate.detectors[0]"
_BOUND: Final = "SniEnabled"
_ISSUED_WITHIN_S: Final = 900
_POLL_S: Final = 10.0


def bind_domain(target: Target, app: ContainerApp) -> bool:
    """Bind the certificate to the app's own host name where it is not bound yet; True where it was done.

    Raises AnomalyctlError where Azure does not issue the certificate, TimedOut where it takes longer.
    """
    certificate_id = target.where.ids.get(CERTIFICATE)
    if certificate_id is None:
        return False
    ingress = (app.read()["properties"].get("configuration") or {}).get("ingress") or {}
    domains = list(ingress.get("customDomains") or ())
    name = _wait_for(target, certificate_id, domains)
    bound = {"name": name, "bindingType": _BOUND, "certificateId": certificate_id}
    if not name or bound in domains:
        return False
    target.progress.step(f"Binding the certificate of {name}")
    others = [one for one in domains if one.get("name") != name]
    app.change({"properties": {"configuration": {"ingress": {"customDomains": [*others, bound]}}}})
    return True


def _wait_for(target: Target, certificate_id: str, domains: list[dict[str, str]]) -> str:
    """The host name of the certificate once it is issued; "" where the one of an app is bound already."""
    for one in domains:
        if (
            one.get("certificateId", "").lower() == certificate_id.lower()
            and one.get("bindingType") == _BOUND
        ):
            return ""
    for _ in range(int(_ISSUED_WITHIN_S / _POLL_S)):
        found = target.manager.get(certificate_id, CONTAINER_APPS_API) or {}
        properties = found.get("properties") or {}
        name, state = str(properties.get("subjectName", "")), properties.get("provisioningState")
        if state == "Succeeded":
            return name
        if state in ("Failed", "Canceled"):
            raise AnomalyctlError(
                f"Azure does not issue the certificate of {name}: {properties.get('error') or state}.",
                hint="Do its CNAME and asuid records lead to the app, from the internet? Then publish again.",
            )
        target.progress.step(f"Waiting for the certificate of {name}")
        target.sleep(_POLL_S)
    raise TimedOut(
        f"Azure has not issued the detectors' certificate within {_ISSUED_WITHIN_S // 60} minutes.",
        hint="It may still come. Run the same command again.",
    )
