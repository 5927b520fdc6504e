"""A certificate authority for one test run, and servers on loopback that it vouches for."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import uvicorn
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID


@dataclass(frozen=True)
class Certificates:
    """Files: the authority's certificate, it together with the system's, and a server's pair."""

    authority: Path
    bundle: Path
    certificate: Path
    key: Path

    @classmethod
    def made_in(cls, folder: Path, *more_names: str, address: str = "127.0.0.2") -> Certificates:
        """Make an authority and a certificate for 127.0.0.1, localhost and more, good for a day."""
        folder.mkdir(parents=True, exist_ok=True)
        authority_key = ec.generate_private_key(ec.SECP256R1())
        authority_name = _name("anomalyctl test authority")
        authority = (
            _builder(authority_name, authority_name, authority_key.public_key())
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_signs_certificates(), critical=True)
            .add_extension(
                x509.SubjectKeyIdentifier.from_public_key(authority_key.public_key()), critical=False
            )
            .sign(authority_key, hashes.SHA256())
        )
        key = ec.generate_private_key(ec.SECP256R1())
        addresses = [ipaddress.ip_address(one) for one in {"127.0.0.1", "127.0.0.2", address}]
        names = [*map(x509.DNSName, ("localhost", *more_names)), *map(x509.IPAddress, addresses)]
        certificate = (
            _builder(_name("localhost"), authority_name, key.public_key())
            .add_extension(x509.SubjectAlternativeName(names), critical=False)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(authority_key.public_key()), critical=False
            )
            .sign(authority_key, hashes.SHA256())
        )
        made = cls(folder / "ca.pem", folder / "bundle.pem", folder / "server.pem", folder / "server.key")
        authority_text = authority.public_bytes(serialization.Encoding.PEM)
        made.authority.write_bytes(authority_text)
        made.bundle.write_bytes(_of_the_system() + authority_text)
        made.certificate.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        made.key.touch(mode=0o600)
        made.key.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
        return made


@contextmanager
def serving_https(application: Any, certificates: Certificates, *, host: str = "127.0.0.1") -> Iterator[str]:
    """Serve an ASGI application over TLS on a free port of loopback; gives its address."""
    # asyncio turns off the delay of small packets only where the protocol is named.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.bind((host, 0))
    listener.listen()
    configuration = uvicorn.Config(
        application,
        log_level="error",
        lifespan="off",
        ws="none",
        loop="asyncio",
        ssl_certfile=str(certificates.certificate),
        ssl_keyfile=str(certificates.key),
    )
    server = _Server(configuration)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    try:
        yield f"https://{host}:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(10)
        listener.close()


_TICK_S, _LOOKS = 0.1, 10


class _Server(uvicorn.Server):
    """Ends at once: clients that go without the farewell of TLS would be waited for, and each tick of uvicorn
    is a tenth of a second, which a test with five servers would wait for ten times.
    """

    async def main_loop(self) -> None:
        ticks = 0
        while not self.should_exit and not await self.on_tick(ticks):
            for _ in range(_LOOKS):
                if self.should_exit:
                    return
                await asyncio.sleep(_TICK_S / _LOOKS)
            ticks += 1

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for connection in list(self.server_state.connections):
            connection.transport.abort()
        if self.server_state.tasks:  # an answer that is being made is waited for
            await super().shutdown(sockets)
            return
        for server in self.servers:
            server.close()
        for _ in range(_LOOKS):
            await asyncio.sleep(0)
            if self.server_state.connections:
                await asyncio.sleep(_TICK_S / _LOOKS)


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _builder(subject: x509.Name, issuer: x509.Name, public_key: Any) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public_key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
    )


def _signs_certificates() -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        key_cert_sign=True,
        crl_sign=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _of_the_system() -> bytes:
    import certifi

    return Path(certifi.where()).read_bytes()
