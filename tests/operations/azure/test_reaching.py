"""Commands with `--env dev` against parts that look at tokens, and what is said where one is out of reach."""

from __future__ import annotations

import json
import socket
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest

from anomalyctl.errors import InvalidInput, NoWayIn, SignInFailed, Unreachable
from anomalyctl.operations.azure_reasons import of_detectors
from anomalyctl.operations.deployed import deployed
from anomalyctl.operations.deployed_state import from_state
from anomalyctl.stores.readings import ReadingStore
from anomalyctl.telemetry.times import format_time
from anomalyctl.triage.episodes import Episodes
from tests.support.azure_environment import AUDIENCE, TOKEN, AzureEnvironment, open_connections
from tests.support.azure_stand_in.entra import CLIENT, OPERATOR
from tests.support.detector_readings import reading
from tests.support.verdict_documents import verdict


@pytest.fixture
def database(azure: AzureEnvironment) -> AzureEnvironment:
    """With the containers that Terraform would have made."""
    azure.create_database()
    return azure


def test_one_round_through_an_environment(database: AzureEnvironment, reading_store: ReadingStore) -> None:
    azure = database
    refused = azure.document("simulate", "--count", "3", expect=9)
    assert "--confirm dev" in refused["hint"]
    sent = azure.document("simulate", "--count", "3", "--rate", "1s", "--confirm", "dev")
    assert sent["readings"] == 3
    assert reading_store.backlog().queued == 3
    assert azure.redis.shown
    assert azure.document("anomalies", "list") == []
    assert azure.document("dead-letters", "list") == []
    status = azure.document("status", expect=0)
    assert status["queued"] == 3
    replayed = azure.document("replay", "--from", sent["from"], "--to", "now")
    assert replayed["readings"] == 3


def test_the_record_names_who_entra_says_is_acting(database: AzureEnvironment) -> None:
    azure = database
    document = verdict(0, "A", severity="medium")
    store = open_connections(azure).anomalies
    store.upsert_verdicts(document["source_day"], [document])
    [episode] = Episodes(store).record([document])
    store.close()
    told = azure.run(
        *("anomalies", "assign", episode.anomaly_id, "--to", "anna", "--env", "dev"),
        ANOMALYCTL_OPERATOR="somebody else",
    )
    assert told.returncode == 0, told.stderr
    shown = azure.document("anomalies", "show", episode.anomaly_id)
    assert CLIENT in json.dumps(shown)
    assert "somebody else" not in json.dumps(shown)


def test_without_a_sign_in_the_next_step_is_named(azure: AzureEnvironment) -> None:
    deployed("dev", environ=azure.environ())
    for arguments in (("simulate", "--count", "1", "--confirm", "dev"), ("anomalies", "list")):
        done = azure.run(*arguments, "--env", "dev", ARM_CLIENT_SECRET="", ARM_CLIENT_ID="", PATH="")
        assert done.returncode == 4, done.stderr
        assert "az login" in done.stderr


def test_readings_from_a_file_reach_it_too(azure: AzureEnvironment, tmp_path: Path) -> None:
    recording = tmp_path / "two.csv"
    now = time.time()
    rows = [f"{format_time(_at(now - back))},{40.0 + back}" for back in (20, 10)]
    recording.write_text("\n".join(["timestamp,CO2_FLOW_RATE", *rows]) + "\n")
    azure.document("ingest", str(recording), "--confirm", "dev", expect=64)  # core tags are missing
    azure.document("ingest", str(recording), expect=9)


def test_a_verdict_is_asked_for_with_a_token_for_the_audience(azure: AzureEnvironment) -> None:
    stores = open_connections(azure)
    answer = stores.detectors.judge("heuristic", "well-1", [reading()])
    assert answer.verdicts[0]["method"] == "heuristic"
    stores.close()


def test_without_an_audience_the_detectors_own_token_comes_from_the_vault(azure: AzureEnvironment) -> None:
    azure.deploy(detector_audience=None)
    stores = open_connections(azure)
    assert stores.detectors.judge("heuristic", "well-1", [reading()]).verdicts
    stores.close()
    kept = azure.root / ".anomalyctl" / "dev"
    assert [
        path for path in kept.rglob("*") if path.is_file() and TOKEN in path.read_text("utf-8", "ignore")
    ] == []


@pytest.mark.parametrize(
    ("answer", "code", "words"),
    [
        ((403, "ForbiddenByRbac", "Caller is not authorized to perform action"), 4, "Key Vault Secrets User"),
        (
            (
                403,
                "Forbidden",
                "Client address is not authorized and caller is not a trusted service: firewall",
            ),
            6,
            "firewall",
        ),
    ],
)
def test_a_closed_vault_says_which_way_it_is_closed(
    azure: AzureEnvironment, answer: tuple[int, str, str], code: int, words: str
) -> None:
    azure.deploy(detector_audience=None)
    azure.surface.vault_error = answer
    stores = open_connections(azure)
    with pytest.raises((SignInFailed, NoWayIn), match=words) as failed:
        _ = stores.detectors
    assert failed.value.exit_code == code


def test_what_is_not_deployed_is_said_so(azure: AzureEnvironment) -> None:
    azure.forget_state()
    error = azure.document("anomalies", "list", expect=6)
    assert error["code"] == "not_deployed"
    assert "anomalyctl deploy --env dev" in error["hint"]


def test_without_a_role_the_identity_and_the_role_are_named(azure: AzureEnvironment) -> None:
    azure.redis.roles.clear()
    azure.cosmos.roles.clear()
    for arguments, role in (
        (("simulate", "--count", "1", "--confirm", "dev"), "access policy `default`"),
        (("anomalies", "list"), "Cosmos DB Built-in Data Contributor"),
    ):
        error = azure.document(*arguments, expect=4)
        assert role in error["message"] and OPERATOR in error["message"]
        assert "operator_object_ids" in error["hint"] and "minutes" in error["hint"]
        assert error["details"]["reason"] == "no role"


def test_a_firewall_is_no_missing_role(azure: AzureEnvironment) -> None:
    azure.cosmos.behind_firewall = True
    error = azure.document("anomalies", "list", expect=6)
    assert error["code"] == "no_way_in"
    assert "operator_ip_addresses" in error["hint"]


@pytest.mark.parametrize(
    ("outputs", "arguments", "words"),
    [
        ({"redis_host": "no-such-name.invalid"}, ("simulate", "--count", "1"), "private DNS zone"),
        (
            {"cosmos_db_endpoint": "https://no-such-name.invalid:443/"},
            ("anomalies", "list"),
            "private DNS zone",
        ),
        ({"redis_port": 1}, ("simulate", "--count", "1"), "refused"),
        ({"cosmos_db_endpoint": "https://127.0.0.1:1/"}, ("anomalies", "list"), "refused"),
    ],
)
def test_what_the_network_keeps_away_is_said_with_the_way_in(
    azure: AzureEnvironment, outputs: dict[str, Any], arguments: tuple[str, ...], words: str
) -> None:
    azure.deploy(**outputs)
    confirmed = ("--confirm", "dev") if arguments[0] == "simulate" else ()
    error = azure.document(*arguments, *confirmed, expect=6)
    assert error["code"] == "no_way_in" and words in error["message"]
    assert "network" in error["hint"]


def test_redis_that_swallows_connections_is_told_after_one_try(
    azure: AzureEnvironment, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket() as silent, ExitStack() as waiting:
        silent.bind(("127.0.0.1", 0))
        silent.listen(0)
        for _ in range(3):  # the queue of the listener is full then
            filler = waiting.enter_context(socket.socket())
            filler.setblocking(False)
            filler.connect_ex(silent.getsockname())
        azure.deploy(redis_port=silent.getsockname()[1])
        monkeypatch.setattr("anomalyctl.operations.azure_connections._CONNECT_S", 0.3)
        with pytest.raises(NoWayIn, match="nothing answers") as failed:
            _ = open_connections(azure).readings
    assert "redis_public_network_access_enabled" in failed.value.hint


@pytest.mark.parametrize(
    ("answer", "code", "words"),
    [
        (httpx.Response(200, json={"status": "ready"}), None, ""),
        (httpx.Response(200, text="<html>Welcome to Azure Container Apps!</html>"), "not_published", "200"),
        (httpx.Response(404, text="not found"), "not_published", "404"),
        (httpx.Response(503, text="upstream connect error"), "not_published", "503"),
        (httpx.Response(503, json={"detail": "Redis is away"}), "transient", "Redis is away"),
        (httpx.Response(403, text="RBAC: access denied"), "no_way_in", "addresses"),
    ],
)
def test_what_answers_in_the_detectors_place_is_told_apart(
    answer: httpx.Response, code: str | None, words: str
) -> None:
    found = of_detectors(answer, from_state(b"", "dev"))
    assert (found.code if found else None) == code
    assert words in (found.message if found else "")


def test_a_placeholder_in_the_detectors_place_is_not_published(azure: AzureEnvironment) -> None:
    azure.deploy(detectors_endpoint=f"{azure.surface.address}/placeholder")
    stores = open_connections(azure)
    with pytest.raises(Exception, match="not published") as failed:
        _ = stores.detectors
    assert failed.value.exit_code == 6  # type: ignore[attr-defined]


def test_a_certificate_that_is_not_trusted_is_named(
    azure: AzureEnvironment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SSL_CERT_FILE")
    trusting = open_connections(azure)
    stores = open_connections(azure, ANOMALYCTL_AZURE_CA_BUNDLE="")
    stores.__dict__["signed_in"] = trusting.signed_in
    with pytest.raises(NoWayIn, match="not trusted"):
        _ = stores.readings


def test_with_access_keys_the_vaults_string_is_taken_where_there_is_no_role(azure: AzureEnvironment) -> None:
    azure.redis.roles.clear()
    azure.deploy(redis_access_key="s3cret-of-the-state")
    error = azure.document("simulate", "--count", "1", "--confirm", "dev", expect=4)
    assert "access policy" in error["message"]
    upstream = azure.upstream
    azure.surface.secrets["REDIS-CONNECTION-STRING"] = upstream
    assert azure.document("simulate", "--count", "1", "--confirm", "dev")["readings"] == 1


def test_an_offices_proxy_is_the_detectors_too(
    azure: AzureEnvironment, monkeypatch: pytest.MonkeyPatch
) -> None:
    stores = open_connections(azure)
    client = stores.detectors
    stores.credential.get_token(f"{AUDIENCE}/.default")  # kept, so that Entra is not asked over that proxy
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:1")
    del stores.__dict__["detectors"]
    monkeypatch.setattr(type(stores), "require_ready_detectors", lambda self: None)
    with pytest.raises(Unreachable):
        stores.detectors._ask("ml", b"{}", {})
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    del stores.__dict__["detectors"]
    with pytest.raises(InvalidInput):
        stores.detectors._ask("ml", b"{}", {})
    client.close()


def _at(seconds: float) -> Any:
    from datetime import UTC, datetime

    return datetime.fromtimestamp(seconds, UTC)
