"""The registry's own side: signing in to it with Entra, and which images it holds, whoever put them there."""

from __future__ import annotations

import urllib.parse
from typing import Final

from anomalyctl.azure.container_registry import ImageBuild
from anomalyctl.azure.sign_in import token_for
from anomalyctl.operations.publishing.target import Target

_MANIFESTS: Final = ", ".join(
    f"application/vnd.{kind}"
    for kind in (
        "oci.image.index.v1+json",
        "oci.image.manifest.v1+json",
        "docker.distribution.manifest.list.v2+json",
        "docker.distribution.manifest.v2+json",
    )
)


def refresh_token(target: Target, server: str) -> str:
    """A token of the registry's own for the one of Entra; it counts for hours and is kept by nobody here.

    Raises SignInFailed, NotAllowed, Unreachable and what else an Azure call raises.
    """
    token = token_for(target.session.credential, f"{target.session.cloud.audience}/.default").token
    form = {"grant_type": "access_token", "service": server, "access_token": token}
    return _posted(target, server, "exchange", form)["refresh_token"]


def holds(target: Target, server: str, image: ImageBuild) -> bool:
    """Whether the registry has that tag: built there long ago, or pushed. Raises as `refresh_token`."""
    scope = f"repository:{image.repository}:pull"
    form = {"grant_type": "refresh_token", "service": server, "scope": scope}
    token = _posted(target, server, "token", {**form, "refresh_token": refresh_token(target, server)})
    answer = target.open.send(
        "HEAD",
        f"https://{server}/v2/{image.repository}/manifests/{image.tag}",
        f"asking the registry for {image.name}",
        headers={"Authorization": f"Bearer {token['access_token']}", "Accept": _MANIFESTS},
        allowed=(404,),
    )
    return answer.status_code == 200


def _posted(target: Target, server: str, which: str, form: dict[str, str]) -> dict[str, str]:
    body = target.work / which
    body.touch(mode=0o600)
    try:
        body.write_text(urllib.parse.urlencode(form))
        answer = target.open.send(
            "POST",
            f"https://{server}/oauth2/{which}",
            "signing in to the registry",
            file=body,
            headers={"Content-Type": "application/x-www-form-urlencoded"},
        )
        found: dict[str, str] = answer.json()
        return found
    finally:
        body.unlink()
