"""Building images inside a container registry: no Docker here, the sources travel and the registry builds."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from anomalyctl.azure.failures import AzureRefused
from anomalyctl.azure.resource_manager import ResourceManager
from anomalyctl.azure.transfer import Transfer
from anomalyctl.errors import AnomalyctlError, NotDeployed, TimedOut

REGISTRIES_API: Final = "2023-07-01"
TASKS_API: Final = "2019-06-01-preview"
"""The version that all clouds know of registry tasks; no later one is generally available."""
_LIMIT_S: Final = 1800
_POLL_S: Final = 5.0
_OVER: Final = frozenset({"Succeeded", "Failed", "Canceled", "Error", "Timeout"})


@dataclass(frozen=True, slots=True)
class ImageBuild:
    """One image to build."""

    repository: str
    tag: str
    dockerfile: str
    """Within the sources."""

    @property
    def name(self) -> str:
        """`repository:tag`."""
        return f"{self.repository}:{self.tag}"


class BuildRefused(AnomalyctlError):
    """The registry did not build the image; the hint holds its last words."""

    code = "image_build_failed"


class ContainerRegistry:
    """One registry, through Resource Manager."""

    def __init__(
        self,
        manager: ResourceManager,
        registry_id: str,
        transfer: Transfer,
        sleep: Callable[[float], None],
    ) -> None:
        self._manager = manager
        self._id = registry_id
        self._transfer = transfer
        self._sleep = sleep

    def built(self, image: ImageBuild) -> bool:
        """Whether a run of the registry has pushed exactly this image before."""
        for run in self._manager.list(f"{self._id}/runs", TASKS_API):
            properties = run.get("properties") or {}
            if properties.get("status") == "Succeeded":
                for made in properties.get("outputImages") or ():
                    if (made.get("repository"), made.get("tag")) == (image.repository, image.tag):
                        return True
        return False

    def upload(self, sources: Path) -> str:
        """Send a .tar.gz of the sources; where the registry finds them, for `begin`."""
        place = self._manager.act(f"{self._id}/listBuildSourceUploadUrl", TASKS_API)
        headers = {"x-ms-blob-type": "BlockBlob", "Content-Type": "application/octet-stream"}
        self._transfer.send(
            "PUT",
            str(place["uploadUrl"]),
            "sending the sources to the registry",
            file=sources,
            headers=headers,
        )
        return str(place["relativePath"])

    def begin(self, image: ImageBuild, sources: str) -> str:
        """Have it built and pushed; the run's id."""
        run = self._manager.post(
            f"{self._id}/scheduleRun",
            TASKS_API,
            {
                "type": "DockerBuildRequest",
                "imageNames": [image.name],
                "isPushEnabled": True,
                "noCache": False,
                "dockerFilePath": image.dockerfile,
                "sourceLocation": sources,
                "platform": {"os": "Linux", "architecture": "amd64"},
                "timeout": _LIMIT_S,
            },
        )
        found = (run.get("properties") or {}).get("runId") or run.get("name")
        if not found:
            raise BuildRefused(
                f"The registry does not say which build of {image.name} it began.", hint="Try again."
            )
        return str(found)

    def wait(self, image: ImageBuild, run: str, tell: Callable[[str], None]) -> None:
        """Wait until it is pushed, telling each new line of its log.

        Raises BuildRefused with the last lines, TimedOut.
        """
        log = _Log(self._manager, self._transfer, f"{self._id}/runs/{run}")
        for _ in range(int(_LIMIT_S / _POLL_S)):
            status = self._status(run)
            for line in log.news():
                tell(line)
            if status in _OVER:
                break
            self._sleep(_POLL_S)
        else:
            raise TimedOut(
                f"The registry has not built {image.name} within {_LIMIT_S // 60} minutes.",
                hint="Run the same command again.",
            )
        if status != "Succeeded":
            raise BuildRefused(
                f"The registry could not build {image.name}: {status}.",
                hint=f"Its last words: {' / '.join(log.last) or 'none'}",
                details={"run": run, "log": list(log.last)},
            )

    def cancel(self, run: str) -> None:
        """End a build that nobody waits for any more; one that has ended is fine."""
        # Else it ends by itself at its time limit, and an image that nobody asked for harms nobody.
        with contextlib.suppress(AnomalyctlError):
            self._manager.act(f"{self._id}/runs/{run}/cancel", TASKS_API)

    def _status(self, run: str) -> str:
        found = self._manager.get(f"{self._id}/runs/{run}", TASKS_API) or {}
        return str((found.get("properties") or {}).get("status", "Unknown"))


class _Log:
    """The log of a run, read from where it was left."""

    def __init__(self, manager: ResourceManager, transfer: Transfer, run: str) -> None:
        self._manager = manager
        self._transfer = transfer
        self._run = run
        self._address = ""
        self._read = 0
        self._rest = ""
        self.last: tuple[str, ...] = ()

    def news(self) -> Sequence[str]:
        """Whole lines since the last call; none where the log cannot be had, which stops no build."""
        try:
            if not self._address:
                found = self._manager.act(f"{self._run}/listLogSasUrl", TASKS_API)
                self._address = str(found.get("logLink", ""))
            headers = {"Range": f"bytes={self._read}-", "x-ms-range": f"bytes={self._read}-"}
            answer = self._transfer.send(
                "GET", self._address, "reading the build's log", headers=headers, allowed=(404, 416)
            )
        except AnomalyctlError:
            return ()
        if answer.status_code not in (200, 206):
            return ()
        content = answer.read()
        if answer.status_code == 200:  # the whole of it
            content = content[self._read :]
        self._read += len(content)
        *lines, self._rest = (self._rest + content.decode("utf-8", "replace")).split("\n")
        found_lines = [line.rstrip() for line in lines if line.strip()]
        self.last = (*self.last, *found_lines)[-5:]
        return found_lines


def find_registry(manager: ResourceManager, name: str) -> str:
    """The id of the subscription's registry of that name. Raises NotDeployed where there is none."""
    path = f"/subscriptions/{manager.subscription_id}/providers/Microsoft.ContainerRegistry/registries"
    try:
        found = manager.list(path, REGISTRIES_API)
    except AzureRefused:
        found = []
    for registry in found:
        if str(registry.get("name", "")).lower() == name.lower():
            return str(registry["id"])
    raise NotDeployed(
        f"There is no container registry {name} that you may see.", hint="Deploy, or ask for Reader."
    )
