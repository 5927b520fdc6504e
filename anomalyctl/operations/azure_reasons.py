"""Why a part of an Azure environment cannot be reached from here, and what the next step is."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

from anomalyctl.errors import AnomalyctlError, NotPublished, NoWayIn, SignInFailed, TimedOut, Transient

if TYPE_CHECKING:
    import httpx

    from anomalyctl.operations.deployed_state import Deployed

_PROPAGATION: Final = "A role that was given just now takes minutes to arrive: then try again."


def no_role(part: str, who: str, role: str, where: Deployed) -> SignInFailed:
    """The identity is known, and has no role on the part's data."""
    return SignInFailed(
        f"{part} of {where.environment} does not let {who} in: {role} is missing, or has not arrived yet.",
        hint=f"Put the object id (or its group's) into operator_object_ids and deploy. {_PROPAGATION}",
        details={"part": part, "role": role, "reason": "no role"},
    )


def no_way_in(part: str, why: str, where: Deployed) -> NoWayIn:
    """The network between lets nothing through."""
    return NoWayIn(
        f"There is no way from here to {part} of {where.environment}: {why}.",
        hint=_way_in(part, where),
        details={"part": part, "reason": "no way in"},
    )


def not_published(part: str, why: str, where: Deployed) -> NotPublished:
    """The infrastructure stands, and something else answers."""
    return NotPublished(
        f"{part} of {where.environment} is not published yet: {why}.",
        hint=f"Publish the code: anomalyctl publish --env {where.environment}",
        details={"part": part, "reason": "not published"},
    )


def of_network(error: BaseException, part: str, where: Deployed) -> AnomalyctlError | None:
    """What a failure to connect means, read from its causes; None where it means something else."""
    causes = list(_causes(error))
    for cause in causes:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return NoWayIn(
                f"{part} of {where.environment} shows a certificate that is not trusted here: "
                f"{cause.verify_message}.",
                hint="Behind a proxy that opens TLS, name its authority in ANOMALYCTL_AZURE_CA_BUNDLE.",
                details={"part": part, "reason": "certificate"},
            )
    if any(isinstance(cause, socket.gaierror) or _names_no_host(cause) for cause in causes):
        return no_way_in(part, "its name is not known here (a private DNS zone has it)", where)
    if any(_timed_out_connecting(cause) for cause in causes):
        return no_way_in(part, "nothing answers (a private endpoint or a firewall)", where)
    if any(isinstance(cause, ConnectionRefusedError | ConnectionResetError) for cause in causes):
        return no_way_in(part, "the connection is refused", where)
    return None


def of_redis(error: AnomalyctlError, who: str, where: Deployed) -> AnomalyctlError:
    """What Redis's first answer means."""
    part = "Redis"
    if isinstance(error, SignInFailed):
        if any(type(cause).__name__ == "NoToken" for cause in _causes(error)):
            return SignInFailed(error.message, hint="Sign in: az login, or set the ARM_* variables.")
        role = "the Redis access policy `default`"
        if where.optional("redis_flavor") == "cache_premium":
            role = "the Redis access policy Data Contributor"
        return no_role(part, who, role, where)
    if isinstance(error, Transient):
        return of_network(error, part, where) or error
    return error


def of_cosmos(error: AnomalyctlError, who: str, where: Deployed) -> AnomalyctlError:
    """What Cosmos DB's first answer means."""
    part = "Cosmos DB"
    if isinstance(error, SignInFailed):
        said = " ".join(str(cause) for cause in _causes(error)).lower()
        if "firewall" in said or "public internet" in said or "virtual network" in said:
            return no_way_in(part, "its firewall does not know this address", where)
        if all(getattr(cause, "response", None) is None for cause in _causes(error)):
            return SignInFailed(error.message, hint="Sign in: az login, or set the ARM_* variables.")
        return no_role(part, who, "the data role Cosmos DB Built-in Data Contributor", where)
    if isinstance(error, Transient | TimedOut):
        return of_network(error, part, where) or error
    return error


def of_detectors(answer: httpx.Response, where: Deployed) -> AnomalyctlError | None:
    """What the answer to /health/ready means; None where the detectors are ready."""
    part = "The detectors"
    ours = answer.headers.get("content-type", "").startswith(("application/json", "application/problem+json"))
    if answer.status_code == 200 and ours and '"ready"' in answer.text:
        return None
    if answer.status_code == 403:
        return no_way_in("the detectors", "their list of addresses does not hold this one", where)
    if answer.status_code == 503 and ours:
        return Transient(
            f"{part} of {where.environment} are not ready: {_detail(answer)}",
            hint=f"See: anomalyctl logs detectors --env {where.environment}",
        )
    return not_published(part, f"/health/ready answers {answer.status_code}", where)


def _detail(answer: httpx.Response) -> str:
    try:
        return str(answer.json().get("detail", answer.reason_phrase))[:300]
    except ValueError:
        return answer.reason_phrase


def _way_in(part: str, where: Deployed) -> str:
    if part == "Redis" and where.optional("redis_flavor") != "cache_premium":
        return (
            "Come through the network (VPN, peering, a runner inside it; trusted_network_ranges), or set "
            "redis_public_network_access_enabled."
        )
    if part == "the vault":
        return "Come through the network, or put this address into operator_ip_addresses and deploy."
    if where.optional("operator_access") == "addresses":
        return "Put this machine's public address into operator_ip_addresses and deploy."
    return (
        "Come through the network (VPN, peering, a runner inside it; trusted_network_ranges), or set "
        'operator_access = "addresses" with this address in operator_ip_addresses.'
    )


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The error and everything that led to it, also what libraries keep in attributes of their own."""
    seen: set[int] = set()
    waiting: list[Any] = [error]
    while waiting:
        one = waiting.pop()
        if not isinstance(one, BaseException) or id(one) in seen:
            continue
        seen.add(id(one))
        yield one
        waiting += [one.__cause__, one.__context__, getattr(one, "inner_exception", None)]
        waiting += [getattr(one, "reason", None), *one.args]


def _names_no_host(error: BaseException) -> bool:
    return type(error).__name__ in {"NameResolutionError"} or "Name or service not known" in str(error)


def _timed_out_connecting(error: BaseException) -> bool:
    # A connection that stands answers a first question at once; one that cannot be made runs into the limit.
    return isinstance(error, TimeoutError) or type(error).__name__ in {
        "ConnectTimeoutError",
        "ConnectTimeout",
    }
