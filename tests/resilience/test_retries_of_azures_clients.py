"""The clients of Azure's management knock once, too: where nobody speaks TLS, and counted at the door."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from anomalyctl.azure.backend import StateAccount
from anomalyctl.azure.cloud import PUBLIC, Cloud
from anomalyctl.azure.resource_manager import ResourceManager
from anomalyctl.azure.rest import Rest
from anomalyctl.azure.state_blobs import StateBlobs
from anomalyctl.azure.transfer import UPLOADS, Transfer
from anomalyctl.errors import Unreachable
from anomalyctl.resilience.policies import LOGS, RESOURCE_MANAGER, STATE_BLOBS
from tests.support.azure_stand_in.entra import StandInCredential

CREDENTIAL: Any = StandInCredential()
ACCOUNT: Any = StateAccount("account", "rg", "s", "tfstate", "key", "northeurope", "Standard_ZRS")


@dataclass
class Door:
    """Lets everybody in and hangs up."""

    address: str
    knocks: list[int] = field(default_factory=list)


@pytest.fixture
def door() -> Iterator[Door]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        found = Door(f"https://127.0.0.1:{listening.getsockname()[1]}")

        def hang_up() -> None:
            with suppress(OSError):
                while True:
                    caller, _ = listening.accept()
                    found.knocks.append(1)
                    caller.close()

        thread = threading.Thread(target=hang_up)
        thread.start()
        yield found
        listening.shutdown(socket.SHUT_RDWR)
    thread.join(5)


def manage(cloud: Cloud, address: str) -> None:
    policy = replace(RESOURCE_MANAGER, attempts=1)
    with ResourceManager(cloud, CREDENTIAL, "s", policy=policy) as manager:
        manager.get("/subscriptions/s", "2022-12-01")


def ask(cloud: Cloud, address: str) -> None:
    with Rest(address, "scope", CREDENTIAL, cloud, policy=replace(LOGS, attempts=1)) as service:
        service.get("/v1/thing", "look at a thing")


def look(cloud: Cloud, address: str) -> None:
    with StateBlobs(cloud, CREDENTIAL, ACCOUNT, policy=replace(STATE_BLOBS, attempts=1)) as blobs:
        blobs.check_reading()


def send(cloud: Cloud, address: str) -> None:
    with Transfer(cloud, policy=replace(UPLOADS, attempts=1)) as transfer:
        transfer.ask_once(f"{address}/package", "look at a package")


@pytest.mark.parametrize("call", [manage, ask, look, send])
def test_each_knocks_once(call: Callable[[Cloud, str], None], door: Door) -> None:
    cloud = replace(PUBLIC, resource_manager=door.address, blob_suffix=door.address)
    with pytest.raises(Unreachable):
        call(cloud, door.address)
    assert len(door.knocks) == 1
