"""Publishing the functions: the wheel and the locked dependencies in one package, sent with Entra."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Final

import anomalyctl
from anomalyctl.azure.failures import NotAllowed
from anomalyctl.azure.web_apps import Site
from anomalyctl.errors import PreconditionFailed, TimedOut
from anomalyctl.operations.publishing.content import Version, files_below, version_of
from anomalyctl.operations.publishing.dependencies import install_locked
from anomalyctl.operations.publishing.model import PublishedPart, outcome_of
from anomalyctl.operations.publishing.packages import write_zip
from anomalyctl.operations.publishing.sending import runs_already, send_package
from anomalyctl.operations.publishing.target import Target
from anomalyctl.operations.publishing.wheel import CODE, install_wheel, source_of_wheel

LOCK: Final = "requirements.lock"
SITE_PACKAGES: Final = Path(".python_packages/lib/site-packages")
"""Where the Functions host looks for a package's own modules."""
BLOB: Final = "functions.zip"
"""As `WEBSITE_RUN_FROM_PACKAGE` of an Elastic Premium plan names it (terraform/functions.tf)."""
_READY_WITHIN_S: Final = 600
_POLL_S: Final = 10.0


def publish_functions(target: Target) -> PublishedPart:
    """Send the package where its content is not what runs, and wait until the host runs all functions.

    Raises MissingTool, PackageRefused, Locked, NotAllowed, TimedOut.
    """
    site = Site(
        target.manager,
        target.resource(
            "azurerm_linux_function_app.this[0]", "azurerm_function_app_flex_consumption.this[0]"
        ),
        target.signed,
        target.sleep,
    )
    name = target.where.text("function_app_name")
    version = functions_version(target.services)
    unchanged = runs_already(target, site, version.digest)
    began = target.clock()
    if not unchanged:
        target.progress.step("Putting the functions' package together")
        package = build_package(target)
        target.progress.step(f"Sending {package.stat().st_size / 2**20:.0f} MB to {name}")
        send_package(target, site, name, version.digest, lambda: _send(target, site, package))
    healthy, said = _wait(target, site, name, None if unchanged else began)
    if not unchanged:
        target.mark(site.id, version.digest)
    return PublishedPart(
        "functions", outcome_of(unchanged), version.tag, version.committed, name, said, healthy
    )


def functions_version(services: Path) -> Version:
    """The version of the functions, the wheel that they stand on and its locked dependencies."""
    root = services.parent
    source = source_of_wheel(root)
    if source == root:
        return version_of(root, (*CODE, "services/functions"))
    # The functions of one place and the code of another: both count, and no commit names both.
    functions = version_of(root, ("services/functions",))
    ours = version_of(source or Path(anomalyctl.__file__).parent.parent, CODE[:1])
    digest = f"{functions.digest[:20]}{ours.digest[:20]}"
    return Version(tag=digest, committed=False, digest=digest)


def build_package(target: Target) -> Path:
    """The .zip: the functions at its top; the wheel and the locked dependencies where the host looks."""
    source = target.services / "functions"
    lock = source / LOCK
    if not lock.is_file():
        raise PreconditionFailed(f"{lock} is missing.", hint="Restore it from version control, or: make lock")
    folder = target.work / "functions"
    folder.mkdir()
    for file in files_below(source, (".",)):
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(source / file, folder / file)
    packages, logs = folder / SITE_PACKAGES, target.run.folder
    install_locked(lock, packages, target.environ, logs / "dependencies.log")
    wheel = source_of_wheel(target.services.parent)
    install_wheel(wheel, packages, target.work, target.environ, logs / "wheel.log")
    package = target.work / BLOB
    write_zip(package, folder)
    return package


def _send(target: Target, site: Site, package: Path) -> None:
    plan = target.where.optional("functions_plan")
    if plan == "elastic":
        container = target.where.text("functions_code_container_url")
        _upload_blob(target, f"{container}/{BLOB}", package)
        site.reload()
    elif plan == "flex":
        site.publish(package, "/api/publish", {"RemoteBuild": "false"}, target.progress.step)
    else:
        site.publish(package, "/api/zipdeploy", {"isAsync": "true"}, target.progress.step)


def _upload_blob(target: Target, address: str, package: Path) -> None:
    from anomalyctl.azure.transfer import Transfer

    scope = "https://storage.azure.com/.default"
    with Transfer(target.session.cloud, target.session.credential, scope, sleep=target.sleep) as storage:
        headers = {
            "x-ms-version": "2023-11-03",
            "x-ms-blob-type": "BlockBlob",
            "Content-Type": "application/zip",
        }
        storage.send("PUT", address, "storing the functions' package", file=package, headers=headers)


def _wait(target: Target, site: Site, name: str, began: float | None) -> tuple[bool | None, str]:
    """The host tells through Resource Manager: nobody may call it over HTTP. One that runs for longer than
    since `began` runs what was there before.
    """
    wanted = {path.parent.name for path in (target.services / "functions").glob("*/function.json")}
    target.progress.step(f"Waiting until {name} runs its {len(wanted)} functions")
    said, lacking = "", sorted(wanted)
    for _ in range(int(_READY_WITHIN_S / _POLL_S)):
        lacking = sorted(wanted - set(site.functions()))
        try:
            host = site.host()
        except NotAllowed as error:
            if not lacking:
                return (
                    None,
                    f"has {len(wanted)} functions; its host lets nobody ask from here: {error.message}",
                )
        else:
            said = host.says
            old = began is not None and host.up_s is not None and host.up_s > target.clock() - began
            if said == "Running" and not lacking and not old:
                return True, f"running {len(wanted)} functions"
            said = f"{said}, since before the package came" if old else said
        target.sleep(_POLL_S)
    missing = f", and lacks {', '.join(lacking)}" if lacking else ""
    raise TimedOut(
        f"{name} has its package and does not get well: its host says “{said or 'nothing'}”{missing}.",
        hint=f"Look at: anomalyctl logs functions --env {target.where.environment}",
    )
