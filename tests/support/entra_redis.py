"""Azure's Redis in front of a real Valkey: TLS, a user named by object id, and a token as its password."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import jwt

from tests.support.azure_stand_in.entra import KEYS, OPERATOR
from tests.support.certificates import Certificates

AUDIENCE = "https://redis.azure.com"


@dataclass
class EntraRedis:
    """Address and rules of a running one. Tests read and change them."""

    host: str = ""
    port: int = 0
    roles: set[str] = field(default_factory=lambda: {OPERATOR})
    """Object ids with an access policy."""
    shown: list[str] = field(default_factory=list)
    """Tokens, as they were shown."""
    connections: int = 0

    def admits(self, user: str, password: str) -> float | None:
        """When the token ends, None where it does not count."""
        try:
            claims = KEYS.verified(password, AUDIENCE)
        except (jwt.InvalidTokenError, ValueError, KeyError, IndexError):
            return None
        self.shown.append(password)
        return float(claims["exp"]) if claims["oid"] == user and user in self.roles else None


@contextmanager
def entra_redis(
    certificates: Certificates, upstream: Any, host: str = "127.0.0.1", port: int = 0
) -> Iterator[EntraRedis]:
    """Serve `upstream` (host, port, password) over TLS to whoever signs in with Entra."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificates.certificate, certificates.key)
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((host, port))
    listener.listen(64)
    rules = EntraRedis(host, listener.getsockname()[1])

    def accept() -> None:
        while True:
            try:
                raw, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=_serve, args=(raw, context, upstream, rules), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield rules
    finally:
        with suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        listener.close()


def _serve(raw: socket.socket, context: ssl.SSLContext, upstream: Any, rules: EntraRedis) -> None:
    """One connection, a command at a time: its answer is passed on before the next command is read."""
    with suppress(OSError, EOFError), context.wrap_socket(raw, server_side=True) as client:
        rules.connections += 1
        with socket.create_connection((upstream.host, upstream.port)) as server:
            above, below = server.makefile("rb"), client.makefile("rb")
            server.sendall(_command(b"AUTH", upstream.password.encode()))
            assert above.readline() == b"+OK\r\n"
            until: float | None = None
            while True:
                sent, words = _read_command(below)
                if words[0].upper() == b"AUTH":
                    user, password = (words[1].decode(), words[2].decode()) if len(words) == 3 else ("", "")
                    admitted = rules.admits(user, password)
                    until = admitted if admitted is not None else until
                    refusal = b"-WRONGPASS invalid username-password pair\r\n"
                    client.sendall(b"+OK\r\n" if admitted is not None else refusal)
                elif until is None:
                    client.sendall(b"-NOAUTH Authentication required.\r\n")
                elif time.time() >= until:
                    return  # Azure cuts a connection whose token has ended
                else:
                    server.sendall(sent)
                    client.sendall(_read_answer(above))


def _read_command(stream: Any) -> tuple[bytes, list[bytes]]:
    head = _line(stream)
    sent, words = head, []
    for _ in range(int(head[1:])):
        length = _line(stream)
        word = stream.read(int(length[1:]) + 2)
        sent += length + word
        words.append(word[:-2])
    return sent, words


def _read_answer(stream: Any) -> bytes:
    head = _line(stream)
    size = int(head[1:]) if head[:1] in b"$*" else 0
    if head[:1] == b"$" and size >= 0:
        return head + bytes(stream.read(size + 2))
    if head[:1] == b"*" and size > 0:
        return head + b"".join(_read_answer(stream) for _ in range(size))
    return head


def _line(stream: Any) -> bytes:
    line: bytes = stream.readline()
    if not line.endswith(b"\r\n"):
        raise EOFError
    return line


def _command(*words: bytes) -> bytes:
    return b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%b\r\n" % (len(word), word) for word in words)
