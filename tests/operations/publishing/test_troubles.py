"""Publishing where something is against it: no network, no way in, a site that restarts, a full disk."""

from __future__ import annotations

import errno
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

import pytest

from anomalyctl.azure.failures import AzureRefused
from anomalyctl.errors import AnomalyctlError, InvalidInput, NoWayIn, SignInFailed
from anomalyctl.operations.publishing import functions
from anomalyctl.operations.publishing.detectors import _TAG, image_named
from tests.support.azure_stand_in.paper import Trouble
from tests.support.azure_stand_in.publishing import FUNCTIONS, PERMISSION, REGISTRY


def test_a_package_that_was_followed_by_another_is_sent_again(checkout: Any) -> None:
    """A, then B that never got well, then A again: B is what lies there."""
    checkout.commit()
    host = checkout.root / "services" / "functions" / "host.json"
    first = host.read_text()
    checkout.publish("functions")
    status = checkout.azure.paper.resources[f"{FUNCTIONS}/hostruntime/admin/host/status".lower()]
    status["state"] = "Error"
    host.write_text("{}")
    with pytest.raises(AnomalyctlError):
        checkout.publish("functions")
    status["state"] = "Running"
    host.write_text(first)
    assert checkout.publish("functions").parts[0].outcome == "published"
    assert len(checkout.services.packages) == 3


def test_a_mark_that_may_not_be_taken_away_ends_it_before_anything_is_sent(checkout: Any) -> None:
    """Else it would name what no longer lies there."""
    checkout.commit()
    checkout.publish("functions")
    checkout.azure.paper.denied.append(r"PATCH .+/tags/default")
    checkout.write("services/functions/host.json", "{}")
    with pytest.raises(SignInFailed, match="marked with what runs") as refused:
        checkout.publish("functions")
    assert "Tag Contributor" in refused.value.hint
    assert len(checkout.services.packages) == 1


@pytest.mark.parametrize("trouble", ["refused", "unknown", "no TLS", "broken off", "proxy"])
def test_an_address_that_holds_its_own_permission_is_told_to_nobody(
    checkout: Any, trouble: str, monkeypatch: Any
) -> None:
    checkout.commit()
    question = f"{REGISTRY}/listBuildSourceUploadUrl".lower()
    version, _ = checkout.azure.paper.questions[question]
    with serving_nonsense(b"" if trouble == "broken off" else b"HTTP/1.1 400 Bad Request\r\n\r\n") as port:
        where = {"refused": "127.0.0.1:9", "unknown": "nowhere.invalid", "proxy": "uploads.example"}
        if trouble == "proxy":
            monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{port}")
            monkeypatch.setenv("NO_PROXY", "127.0.0.1,localhost")
        address = f"https://{where.get(trouble, f'127.0.0.1:{port}')}/upload?{PERMISSION}"
        place = {"uploadUrl": address, "relativePath": "source/abc.tar.gz"}
        checkout.azure.paper.questions[question] = (version, lambda body: place)
        with pytest.raises(AnomalyctlError) as unreachable:
            checkout.publish("detectors")
    assert unreachable.value.exit_code in (8, 10)
    told = [unreachable.value.message, unreachable.value.hint, str(unreachable.value.details)]
    noted = [path.read_text() for path in (checkout.root / ".anomalyctl").rglob("*") if path.is_file()]
    assert not [text for text in [*told, *checkout.told, *noted] if PERMISSION in text]


@contextmanager
def serving_nonsense(answer: bytes) -> Iterator[int]:
    """A port that answers each connection with these bytes, whatever it is asked, and breaks it off."""

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            self.request.recv(1024)
            self.request.sendall(answer)

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        try:
            yield int(server.server_address[1])
        finally:
            server.shutdown()


def test_a_private_environment_is_published_to_from_within_alone(checkout: Any) -> None:
    checkout.outputs["operator_access"] = "private"
    checkout.services.forbidden = True
    with pytest.raises(NoWayIn, match="func-wells-dev") as closed:
        checkout.publish("functions")
    assert "trusted_network_ranges" in closed.value.hint


def test_an_address_that_is_on_no_list_has_no_way_in(checkout: Any) -> None:
    checkout.outputs["operator_access"] = "addresses"
    checkout.services.forbidden = True
    with pytest.raises(NoWayIn) as closed:
        checkout.publish("functions")
    assert "operator_ip_addresses" in closed.value.hint


def test_a_person_without_a_role_is_told_the_role(checkout: Any) -> None:
    checkout.services.lacking_role = True
    with pytest.raises(SignInFailed, match="func-wells-dev") as refused:
        checkout.publish("functions")
    assert "Website Contributor" in refused.value.hint


def test_a_site_that_restarts_while_it_is_asked_is_asked_on(checkout: Any) -> None:
    checkout.services.restarting = 9
    assert checkout.publish("functions").parts[0].outcome == "published"
    assert len(checkout.services.packages) == 1


def test_a_host_that_cannot_be_asked_from_here_is_no_failure(checkout: Any) -> None:
    """Its state comes through Resource Manager from the app itself, which a private network may keep in."""
    trouble = Trouble(r"GET .+/hostruntime/admin/host/status", 403, "Forbidden", times=999)
    checkout.azure.paper.troubles.append(trouble)
    (part,) = checkout.publish("functions").parts
    assert (part.outcome, part.healthy) == ("published", None)
    assert "6 functions" in part.health


def test_a_full_disk_is_told_as_such_and_nothing_is_sent(checkout: Any, monkeypatch: Any) -> None:
    def full(target: Path, folder: Path) -> None:
        raise OSError(errno.ENOSPC, "No space left on device", str(target))

    monkeypatch.setattr(functions, "write_zip", full)
    with pytest.raises(AnomalyctlError, match="no space left on device") as told:
        checkout.publish("functions")
    assert told.value.exit_code == 6
    assert checkout.services.packages == []
    assert checkout.runs()[-1].outcome == "failed"


def test_a_registry_that_is_busy_for_long_is_told_with_what_it_said(checkout: Any) -> None:
    checkout.commit()
    trouble = Trouble(r"POST .+/scheduleRun", 409, "TooManyRuns", times=99, message="Another run.")
    checkout.azure.paper.troubles.append(trouble)
    with pytest.raises(AzureRefused, match="Another run"):
        checkout.publish("detectors")


def test_the_registry_says_how_long_to_wait(checkout: Any) -> None:
    checkout.commit()
    headers = {"Retry-After": "17"}
    checkout.azure.paper.troubles.append(Trouble(r"POST .+/scheduleRun", 429, "TooManyRequests", 1, headers))
    assert checkout.publish("detectors").parts[0].outcome == "published"
    assert 17 in [round(waited) for waited in checkout.slept]
    assert len(checkout.services.builds) == 2


def test_a_host_that_runs_since_before_the_package_is_waited_for(checkout: Any) -> None:
    checkout.commit()
    status = checkout.azure.paper.resources[f"{FUNCTIONS}/hostruntime/admin/host/status".lower()]
    status["processUptime"] = 86_400_000
    with pytest.raises(AnomalyctlError, match="since before the package came"):
        checkout.publish("functions")
    status["processUptime"] = 0
    assert checkout.publish("functions").parts[0].outcome == "published"
    status["processUptime"] = 86_400_000
    assert checkout.publish("functions").parts[0].outcome == "unchanged"


def test_a_flex_plan_is_followed_by_the_id_that_it_answers_with(checkout: Any) -> None:
    checkout.outputs["functions_plan"] = "flex"
    checkout.services.answers_with_id = True
    checkout.services.deployment_status = 3
    with pytest.raises(AnomalyctlError, match="Said why"):
        checkout.publish("functions")
    assert set(checkout.services.asked_about) == {"0f9d2c3e-7a41-4f6e-9a43-5b6d7e8f9a0b"}


def test_the_tags_are_those_that_terraform_takes() -> None:
    text = (Path(__file__).parents[3] / "terraform" / "variables-container-apps.tf").read_text()
    assert f'regex("^{_TAG.pattern}$", var.detectors_image_tag)' in text
    assert 'var.detectors_image_tag != "latest"' in text


@pytest.mark.parametrize("tag", ["latest", "", "-x", "a b", "a" * 129, "a/b", "a:b"])
def test_an_image_that_no_later_plan_could_name_is_not_rolled_out(tag: str) -> None:
    with pytest.raises(InvalidInput, match="names no image"):
        image_named(cast(Any, None), tag)
