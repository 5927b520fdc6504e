"""Whether operators will reach what is deployed: through the private network, or from named addresses."""

from __future__ import annotations

import ipaddress
import socket

from anomalyctl.operations.doctor.checks import Check
from anomalyctl.operations.doctor.site import Site

_NAME = "operators' way in"
_TIMEOUT_S = 1.5


def way_in(site: Site) -> Check:
    """What the variables let in; once deployed, whether the database answers from here."""
    site.require_concern("azurerm_private_endpoint", "azurerm_cosmosdb_account")
    values = site.variables()
    private = values["operator_access"] == "private"
    ranges, addresses = values["trusted_network_ranges"], values["operator_ip_addresses"]
    through = f"private, from {', '.join(ranges)}" if private else f"from {', '.join(addresses)}"
    site.signed_in()
    name = site.names["cosmos_db"]
    if name.lower() in site.deployed():
        return _tried(f"{name}.documents.azure.com", through if ranges or not private else "private")
    if private and not ranges:
        return Check(
            _NAME,
            "warning",
            "private, and no range is trusted: only from within the virtual network",
            'Name your VPN or hub in trusted_network_ranges, or set operator_access = "addresses" with '
            "operator_ip_addresses.",
        )
    return Check(_NAME, "ok", through)


def _tried(host: str, through: str) -> Check:
    try:
        address = str(socket.getaddrinfo(host, 443, type=socket.SOCK_STREAM)[0][4][0])
    except OSError:
        return Check(
            _NAME, "warning", f"{host} has no address here", "Use the network's DNS: connect the VPN."
        )
    kind = "private" if ipaddress.ip_address(address).is_private else "public"
    try:
        socket.create_connection((address, 443), timeout=_TIMEOUT_S).close()
    except OSError:
        mend = "Connect the VPN, or allow this address in operator_ip_addresses."
        return Check(_NAME, "warning", f"{host} is at {kind} {address} and does not answer ({through})", mend)
    if kind == "public" and through.startswith("private"):
        return Check(
            _NAME,
            "warning",
            f"{host} resolves to public {address}, but only its private address lets anybody in",
            "Use the network's DNS: connect the VPN, or forward privatelink.documents.azure.com to it.",
        )
    return Check(_NAME, "ok", f"{host} answers at {kind} {address} ({through})")
