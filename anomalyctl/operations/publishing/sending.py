"""Sending a package to a site: its mark goes first, so that it never names what does not lie there."""

from __future__ import annotations

from collections.abc import Callable

from anomalyctl.azure.failures import NotAllowed
from anomalyctl.azure.marks import mark_published, published_mark
from anomalyctl.azure.web_apps import IP_FORBIDDEN, Site
from anomalyctl.errors import AnomalyctlError, Unreachable
from anomalyctl.operations import azure_reasons as reasons
from anomalyctl.operations.publishing.target import Target

_BEING_SENT = "being-sent"


def runs_already(target: Target, site: Site, digest: str) -> bool:
    """Whether the site is marked with this content: it was sent whole, and got well."""
    return published_mark(target.manager, site.id) == digest


def send_package(target: Target, site: Site, name: str, digest: str, send: Callable[[], None]) -> None:
    """Have `send` send it. The site says of itself that something is being sent until it is marked anew.

    Raises NoWayIn where the network lets nobody publish from here, and what `send` raises.
    """
    target.run.note_safely("package", app=name, digest=digest)
    if published_mark(target.manager, site.id):
        _unmark(target, site, name)
    try:
        send()
    except (NotAllowed, Unreachable) as error:
        raise _reason(error, name, target) from error


def _unmark(target: Target, site: Site, name: str) -> None:
    try:
        mark_published(target.manager, site.id, _BEING_SENT)
    except NotAllowed as error:
        raise NotAllowed(
            f"{name} is marked with what runs, and you may not change that: {error.message}",
            azure_code=error.azure_code,
            hint="Ask for the role Tag Contributor beside Website Contributor. Nothing was sent.",
        ) from error


def _reason(error: NotAllowed | Unreachable, name: str, target: Target) -> AnomalyctlError:
    if isinstance(error, Unreachable):
        return reasons.of_network(error, name, target.where) or error
    private = target.where.optional("operator_access") == "private" and not error.azure_code
    if private or error.azure_code == IP_FORBIDDEN:
        return reasons.no_way_in(name, "its publishing side does not let this address in", target.where)
    return error
