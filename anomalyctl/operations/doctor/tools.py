"""Terraform and its variables."""

from __future__ import annotations

from anomalyctl.errors import AnomalyctlError
from anomalyctl.operations.doctor.checks import Check
from anomalyctl.operations.doctor.site import NotLookedAt, Site
from anomalyctl.provisioning.configuration import Configuration


def terraform(site: Site) -> Check:
    """Whether a Terraform is there that the configuration accepts."""
    binary = site.terraform()
    required = ", ".join(Configuration(site.project.terraform).required_versions) or "any"
    return Check("terraform", "ok", f"{binary.dotted} (required: {required})")


def variables(site: Site) -> Check:
    """Whether Terraform accepts the environment's variables."""
    try:
        site.terraform()
    except AnomalyctlError as error:
        raise NotLookedAt("not looked at: no Terraform", hint="See: terraform") from error
    values = site.variables()
    return Check("variables", "ok", f"{values['project_name']} in {values['location']}")
