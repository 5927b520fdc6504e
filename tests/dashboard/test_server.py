"""The production server: who may act, what a browser may do, what never leaves it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from anomalyctl.operations.dashboard.building import Build
from anomalyctl.stores.anomalies import AnomalyStore
from anomalyctl.triage.episodes import Episodes
from tests.support.anomaly_stores import fresh_store
from tests.support.command_line import CHECKOUT
from tests.support.cosmos_server import CosmosServer, cosmos_server
from tests.support.dashboard_server import DashboardServer, dashboard_server, production_build
from tests.support.own_valkey import OwnValkey
from tests.support.verdict_documents import verdict

# The first of them may wait for a build, which takes a minute on an idle machine.
pytestmark = pytest.mark.timeout(900)

OURS = {"Sec_Fetch_Site": "same-origin"}


@pytest.fixture(scope="module")
def build() -> Build:
    return production_build()


@pytest.fixture(scope="module")
def cosmos(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CosmosServer]:
    with cosmos_server(tmp_path_factory.mktemp("cosmos")) as running:
        yield running


@pytest.fixture(scope="module")
def store(cosmos: CosmosServer) -> Iterator[AnomalyStore]:
    with fresh_store(cosmos) as fresh:
        yield fresh


@pytest.fixture(scope="module")
def stores(
    cosmos: CosmosServer, store: AnomalyStore, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, str]]:
    """What the server is told of them."""
    valkey = OwnValkey(tmp_path_factory.mktemp("valkey"))
    yield {
        "REDIS_CONNECTION_STRING": valkey.connection_string,
        "COSMOS_DB_CONNECTION_STRING": cosmos.connection_string,
        "COSMOS_DB_DATABASE": store.database.id,
    }
    valkey.stop()


@pytest.fixture(scope="module")
def server(
    build: Build, stores: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[DashboardServer]:
    folder = tmp_path_factory.mktemp("server")
    with dashboard_server(build, folder, ANOMALYCTL_OPERATOR="anna", **stores) as running:
        yield running


@pytest.fixture
def episode(store: AnomalyStore, request: pytest.FixtureRequest) -> str:
    """An open one of its own."""
    source = re.sub(r"[^a-z0-9]+", "-", request.node.name.lower())[-60:].strip("-")
    return Episodes(store).record([verdict(0, "A", source=source)])[0].anomaly_id


def state(store: AnomalyStore, anomaly_id: str) -> str:
    document = store.unresolved(anomaly_id)
    assert document is not None
    return str(document["status"])


def test_an_action_of_our_own_page_is_done_under_the_local_name(
    server: DashboardServer, store: AnomalyStore, episode: str
) -> None:
    request = {"anomalyId": episode, "etag": "", "notes": "valve freed"}
    answer = server.act("resolve", request, Origin=server.address, **OURS)
    assert '"ok":true' in answer.text, answer.text
    resolved = store.resolved(episode)
    assert resolved is not None
    assert (resolved["resolved_by"], resolved["resolution_notes"]) == ("anna", "valve freed")


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example", "Sec_Fetch_Site": "cross-site"},
        {"Origin": "https://evil.example"},
        {"Origin": "null", "Sec_Fetch_Site": "cross-site"},
        {"Sec_Fetch_Site": "cross-site"},
        {"Sec_Fetch_Site": "same-site"},
        {},
    ],
)
def test_a_forged_post_changes_nothing(
    server: DashboardServer, store: AnomalyStore, episode: str, headers: dict[str, str]
) -> None:
    answer = server.act("resolve", {"anomalyId": episode, "etag": "", "notes": "x"}, **headers)
    assert '"ok":true' not in answer.text
    assert state(store, episode) == "open"


@pytest.mark.parametrize("path", ["/", "/api/health", "/api/health/x", "/anomalies", "/no/such"])
def test_an_action_is_taken_at_its_episode_alone(
    server: DashboardServer, store: AnomalyStore, episode: str, path: str
) -> None:
    request = {"anomalyId": episode, "etag": "", "notes": "x"}
    answer = server.act("resolve", request, path, Origin=server.address, **OURS)
    assert answer.status_code == 405
    assert state(store, episode) == "open"


def test_a_name_that_was_pointed_at_this_machine_is_not_served(server: DashboardServer) -> None:
    for path in ("/", "/api/overview"):
        assert server.client.get(path, headers={"Host": f"evil.example:{server.port}"}).status_code == 421
    assert server.client.get("/api/health", headers={"Host": f"localhost:{server.port}"}).status_code == 200


def test_a_name_is_taken_from_app_service_only_where_it_signs_people_in(
    build: Build, stores: dict[str, str], store: AnomalyStore, episode: str, tmp_path: Path
) -> None:
    request = {"anomalyId": episode, "etag": "", "notes": "x"}
    name = {"X_MS_CLIENT_PRINCIPAL_NAME": "eve@example.com"}
    for environment in ({}, {"WEBSITE_SITE_NAME": "app", "ANOMALYCTL_OPERATOR": "anna"}):
        with dashboard_server(build, tmp_path, **stores, **environment) as server:
            answer = server.act("resolve", request, Origin=server.address, **OURS, **name)
            assert '"code":"signed-out"' in answer.text
            assert (
                server.client.get("/api/overview", headers={"X-MS-CLIENT-PRINCIPAL-NAME": "eve"}).json()[
                    "operator"
                ]
                is None
            )
    assert state(store, episode) == "open"
    signing_in = {"WEBSITE_SITE_NAME": "app", "WEBSITE_AUTH_ENABLED": "True"}
    with dashboard_server(build, tmp_path, **stores, **signing_in) as server:
        server.act("resolve", request, Origin=server.address, **OURS, **name)
    resolved = store.resolved(episode)
    assert resolved is not None
    assert resolved["resolved_by"] == "eve@example.com"


def test_scripts_run_only_with_the_nonce_of_their_answer(server: DashboardServer) -> None:
    nonces = set()
    for _ in range(2):
        page = server.client.get("/")
        policy = page.headers["content-security-policy"]
        scripts = next(part for part in policy.split("; ") if part.startswith("script-src"))
        assert "unsafe" not in scripts
        (nonce,) = re.findall(r"'nonce-([^']+)'", scripts)
        nonces.add(nonce)
        tags = re.findall(r"<script\b[^>]*>", page.text)
        assert tags
        assert all(f'nonce="{nonce}"' in each for each in tags)
        assert (page.headers["x-content-type-options"], page.headers["x-frame-options"]) == (
            "nosniff",
            "DENY",
        )
        assert "x-powered-by" not in page.headers
    assert len(nonces) == 2


@pytest.mark.parametrize(
    "path", ["/api/overview", "/api/anomalies", "/api/tags/A", "/api/health", "/api/anomalies/x"]
)
def test_nobody_keeps_what_a_route_answers(server: DashboardServer, path: str) -> None:
    assert server.client.get(path).headers["cache-control"] == "no-store"


def test_large_answers_are_compressed(server: DashboardServer) -> None:
    answer = server.client.get("/api/overview")
    assert (answer.headers["content-encoding"], answer.json()["environment"]) == ("gzip", "local")


def test_no_credential_reaches_the_browser_or_the_log(
    server: DashboardServer, stores: dict[str, str], cosmos: CosmosServer
) -> None:
    password = re.search("password=([^,]+)", stores["REDIS_CONNECTION_STRING"])
    assert password
    planted = (
        password[1],
        cosmos.key,
        "AccountKey",
        "REDIS_CONNECTION_STRING",
        "COSMOS_DB_CONNECTION_STRING",
    )
    served = [
        server.client.get(path).text
        for path in ("/", "/anomalies", "/api/overview", "/api/health", "/api/anomalies")
    ]
    static = [path for path in (server.build.folder / ".next" / "static").rglob("*") if path.is_file()]
    assert static
    for text in [*served, *(path.read_text(errors="replace") for path in static)]:
        assert not [secret for secret in planted if secret in text]
    assert not [secret for secret in planted[:2] if secret in server.logs]


def test_health_names_the_build_that_answers(server: DashboardServer) -> None:
    assert server.client.get("/api/health").json()["build"] == server.build.digest


def test_a_build_holds_no_path_of_where_it_was_built(build: Build) -> None:
    files = [path for path in build.folder.rglob("*") if path.is_file()]
    assert len(files) > 100
    place = str(CHECKOUT).encode()
    assert not [str(path) for path in files if place in path.read_bytes()]


def test_an_address_that_spells_no_characters_is_a_bad_request_and_a_percent_sign_is_a_sign(
    server: DashboardServer,
) -> None:
    assert server.client.get("/api/tags/%ff").status_code == 400
    answer = server.client.get("/api/tags/A%25B")
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "not-found")
    assert "A%B" in answer.json()["error"]["message"]


def test_health_says_which_store_is_away_where_app_service_probes(build: Build, tmp_path: Path) -> None:
    terraform = (CHECKOUT / "terraform" / "app-service.tf").read_text()
    (path,) = re.findall(r'health_check_path\s*=\s*"([^"]+)"', terraform)
    nobody = {
        "REDIS_CONNECTION_STRING": "127.0.0.1:1,password=x,ssl=False",
        "COSMOS_DB_CONNECTION_STRING": "AccountEndpoint=http://127.0.0.1:1/;AccountKey=eA==;",
    }
    with dashboard_server(build, tmp_path, **nobody) as server:
        answer = server.client.get(path)
        assert answer.status_code == 503
        assert [(part["part"], part["state"]) for part in answer.json()["parts"]] == [
            ("redis", "away"),
            ("cosmos", "away"),
        ]
        overview = server.client.get("/api/overview").json()
        assert (overview["readings"]["state"], overview["anomalies"]["state"]) == ("away", "away")
        assert server.client.get("/").status_code == 200
        assert {line.fields.get("service") for line in server.lines} == {"dashboard"}, server.logs


def test_each_line_of_an_action_names_its_trace_its_anomaly_and_its_reading(
    server: DashboardServer, store: AnomalyStore, episode: str
) -> None:
    trace = "0af7651916cd43dd8448eb211c80319c"  # pragma: allowlist secret
    page = {"Origin": server.address, **OURS}
    given = {"Traceparent": f"00-{trace}-b7ad6b7169203331-01"}
    request = {"anomalyId": episode, "etag": "", "notes": "valve freed"}
    server.act("resolve", request, **page, **given)
    server.act("resolve", request | {"etag": "revision-0", "notes": "too late"}, **page, **given)
    document = store.unresolved(episode)
    assert document is not None
    done, refused = (line for line in server.lines if line.fields.get("trace_id") == trace)
    assert (done.level, done.fields["reading_id"]) == ("info", document["reading"]["id"])
    assert (refused.level, refused.fields["code"]) == ("warning", "conflict")
    for line in (done, refused):
        assert (line.fields["anomaly_id"], line.fields["by"], line.fields["action"]) == (
            episode,
            "anna",
            "resolve",
        )
    server.act("resolve", request, **page)
    assert re.fullmatch("[0-9a-f]{32}", server.lines[-1].fields["trace_id"])
    assert server.lines[-1].fields["trace_id"] != trace


def test_its_first_word_is_a_line_of_json(server: DashboardServer) -> None:
    assert "Next.js" in server.lines[0].message
    assert all(line.time and line.level for line in server.lines), server.logs
