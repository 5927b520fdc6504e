"""The stand-in as a process that Terraform starts: handshake on stdout, gRPC over TLS on a Unix socket.

    python -m tests.support.azurerm.serving FOLDER [--stay]

FOLDER holds the certificate that `mirror.install` made, the pretended Azure, and `troubles.json`.
"""

from __future__ import annotations

import base64
import json
import os
import re
import signal
import ssl
import sys
import tempfile
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import grpc

from tests.support.azurerm.answers import Answers
from tests.support.azurerm.protocol import METHODS, SERVICE, Message, decode, encode

_COOKIE = (
    "TF_PLUGIN_MAGIC_COOKIE",
    "d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2",  # pragma: allowlist secret
)
# Terraform asks ten things at once unless told otherwise; slow ones must not hold up the others.
_WORKERS = 32
_CAPITAL = re.compile(r"(?<!^)([A-Z])")


def serve(folder: Path, *, stays: bool = False) -> None:
    """Answer until Terraform says goodbye, or whoever started this is gone.

    One that `stays` was not started by Terraform: it serves one command after the other, in the clear, and
    tells what TF_REATTACH_PROVIDERS must say.
    """
    # Ctrl-C reaches the whole process group; it is Terraform that decides what it means.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = os.getppid()
    finished = threading.Event()
    server = grpc.server(
        ThreadPoolExecutor(_WORKERS), handlers=_handlers(folder, None if stays else finished)
    )
    with tempfile.TemporaryDirectory(prefix="azurerm-") as short:
        socket = f"{short}/s"
        if stays:
            server.add_insecure_port(f"unix://{socket}")
            greeting = _reattachment(socket)
        else:
            certificate = (folder / "certificate.pem").read_bytes()
            key = (folder / "key.pem").read_bytes()
            server.add_secure_port(f"unix://{socket}", grpc.ssl_server_credentials([(key, certificate)]))
            der = base64.b64encode(ssl.PEM_cert_to_DER_cert(certificate.decode())).decode().rstrip("=")
            greeting = f"1|6|unix|{socket}|grpc|{der}"
        server.start()
        print(greeting, flush=True)
        # A Terraform that was killed says nothing more.
        while not finished.wait(0.5) and os.getppid() == parent:
            pass
        server.stop(grace=0.1)
    # What is still waiting for a slow Azure must not keep the process.
    os._exit(0)


def _reattachment(socket: str) -> str:
    address = {"Network": "unix", "String": socket}
    provider = {"Protocol": "grpc", "ProtocolVersion": 6, "Pid": os.getpid(), "Test": True, "Addr": address}
    return json.dumps({"registry.terraform.io/hashicorp/azurerm": provider})


def _handlers(folder: Path, finished: threading.Event | None) -> list[Any]:
    answers = Answers(folder)
    provider = {
        name: _unary(getattr(answers, _CAPITAL.sub(r"_\1", name).lower()), *METHODS[name]) for name in METHODS
    }

    def shut_down(question: Message) -> Message:
        if finished:
            finished.set()
        return {}

    goodbye = {"Shutdown": _unary(shut_down, "Empty", "Empty")}
    # Terraform listens for output of its plugins; there is none.
    nothing: Any = grpc.unary_stream_rpc_method_handler(lambda question, context: iter(()))
    return [
        grpc.method_handlers_generic_handler(SERVICE, provider),
        grpc.method_handlers_generic_handler("plugin.GRPCController", goodbye),
        grpc.method_handlers_generic_handler("plugin.GRPCStdio", {"StreamStdio": nothing}),
    ]


def _unary(answer: Callable[[Message], Message], request: str, response: str) -> Any:
    def answered(data: bytes, context: grpc.ServicerContext) -> bytes:
        return encode(response, answer(decode(request, data)))

    return grpc.unary_unary_rpc_method_handler(answered)


if __name__ == "__main__":
    by_hand = os.environ.get(_COOKIE[0]) != _COOKIE[1]
    if by_hand and "--stay" not in sys.argv:
        sys.exit("This is a provider for Terraform; it is not meant to be run by hand.")
    serve(Path(sys.argv[1]), stays=by_hand)
