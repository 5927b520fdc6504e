"""Signing in as Terraform would, over HTTPS with the real azure-identity."""

from __future__ import annotations

import os
import threading
from datetime import UTC, datetime

import pytest
from azure.identity import AzureCliCredential
from starlette.responses import JSONResponse

from anomalyctl.azure.cli_sign_in import AzureCliSignIn
from anomalyctl.azure.cloud import PUBLIC as PUBLIC_CLOUD
from anomalyctl.azure.cloud import cloud_from
from anomalyctl.azure.sign_in import KeptTokens, principal_of, sign_in, token_for
from anomalyctl.errors import InvalidInput, PreconditionFailed, SignInFailed, Transient, Unreachable
from tests.support.azure_stand_in import entra
from tests.support.azure_stand_in.entra import CLIENT, OPERATOR, SECRET, TENANT, StandInCredential
from tests.support.ports import free_port

PUBLIC = cloud_from({})


def az(folder, script: str, monkeypatch) -> None:
    """An Azure CLI that prints what the script says."""
    folder.mkdir()
    (folder / "az").write_text(f"#!/bin/sh\n{script}\n")
    (folder / "az").chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")


def test_a_service_principal_gets_a_token_and_its_claims_say_who_it_is(azure):
    signed_in = sign_in(azure.environ(), azure.cloud())
    principal = principal_of(signed_in.credential, azure.cloud())
    assert signed_in.way == "a service principal's secret"
    assert (principal.object_id, principal.tenant_id, principal.kind) == (
        OPERATOR,
        TENANT,
        "ServicePrincipal",
    )
    assert principal.expires_at > datetime.now(UTC)
    signed_in.credential.close()


def test_a_secret_may_stand_in_a_file_as_for_terraform(azure, tmp_path):
    (tmp_path / "secret").write_text(f"{SECRET}\n")
    environ = azure.environ(ARM_CLIENT_SECRET="", ARM_CLIENT_SECRET_FILE_PATH=str(tmp_path / "secret"))
    signed_in = sign_in(environ, azure.cloud())
    assert principal_of(signed_in.credential, azure.cloud()).object_id == OPERATOR
    signed_in.credential.close()


def test_without_arm_variables_the_azure_cli_signs_in():
    signed_in = sign_in({}, PUBLIC)
    assert signed_in.way == "the Azure CLI"
    assert isinstance(signed_in.credential._inner, AzureCliCredential)


def test_an_azure_cli_that_is_not_signed_in_says_what_to_do(tmp_path, monkeypatch):
    az(tmp_path / "bin", "echo \"ERROR: Please run 'az login' to setup account.\" >&2; exit 1", monkeypatch)
    with pytest.raises(SignInFailed) as raised:
        principal_of(sign_in({}, PUBLIC).credential, PUBLIC)
    assert raised.value.hint == "Sign in: az login"


@pytest.mark.parametrize(
    "said",
    [
        "HTTPSConnectionPool(host='login.microsoftonline.com', port=443): Max retries exceeded with url: /x",
        "('Connection aborted.', ConnectionResetError(104, 'Connection reset by peer'))",
    ],
)
def test_an_azure_cli_without_a_network_is_no_refusal(tmp_path, monkeypatch, said):
    az(tmp_path / "bin", f'echo "ERROR: {said}" >&2; exit 1', monkeypatch)
    with pytest.raises(Unreachable, match="the Azure CLI cannot reach Entra"):
        principal_of(sign_in({}, PUBLIC).credential, PUBLIC)


def test_an_azure_cli_that_takes_too_long_may_be_asked_again(tmp_path, monkeypatch):
    az(tmp_path / "bin", "exec sleep 20", monkeypatch)
    with pytest.raises(Transient, match="no token in time"):
        AzureCliSignIn(process_timeout=1).get_token("https://management.core.windows.net/.default")


@pytest.mark.parametrize(
    ("variables", "missing"),
    [
        ({"ARM_CLIENT_SECRET": "s", "ARM_TENANT_ID": TENANT}, "ARM_CLIENT_ID"),
        ({"ARM_CLIENT_SECRET": "s", "ARM_CLIENT_ID": CLIENT}, "ARM_TENANT_ID"),
        ({"ARM_USE_OIDC": "true", "ARM_CLIENT_ID": CLIENT, "ARM_TENANT_ID": TENANT}, "ARM_USE_OIDC"),
    ],
)
def test_variables_that_are_not_complete_are_named(variables, missing):
    with pytest.raises(SignInFailed, match=missing):
        sign_in(variables, PUBLIC)


def test_a_bare_federated_token_is_known_not_to_be_renewable(tmp_path):
    base = {"ARM_USE_OIDC": "true", "ARM_CLIENT_ID": CLIENT, "ARM_TENANT_ID": TENANT}
    (tmp_path / "token").write_text("t")
    assert not sign_in({**base, "ARM_OIDC_TOKEN": "t"}, PUBLIC).renewable
    assert sign_in({**base, "ARM_OIDC_TOKEN_FILE_PATH": str(tmp_path / "token")}, PUBLIC).renewable
    assert sign_in({**base, "ACTIONS_ID_TOKEN_REQUEST_URL": "https://x"}, PUBLIC).renewable


@pytest.fixture
def troubled_entra(azure, monkeypatch):
    """Statuses that the token endpoint answers with, one each, before all is well; how often it was asked."""
    troubles, asked, well = [], [], entra.answer

    async def answer(request, address):
        if not request.url.path.endswith("/oauth2/v2.0/token"):
            return await well(request, address)
        asked.append(1)
        return JSONResponse({}, status_code=troubles.pop(0)) if troubles else await well(request, address)

    monkeypatch.setattr(entra, "answer", answer)
    return troubles, asked


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_token_that_entra_cannot_give_now_is_asked_for_once_and_may_heal(azure, troubled_entra, status):
    troubles, asked = troubled_entra
    signed_in = sign_in(azure.environ(), azure.cloud())
    troubles += [status]
    with pytest.raises(Transient, match="There is no token"):
        token_for(signed_in.credential, f"{azure.address}/.default")
    assert len(asked) == 1
    assert token_for(signed_in.credential, f"{azure.address}/.default").token
    assert len(asked) == 2
    signed_in.credential.close()


def test_who_signs_in_is_asked_for_again_where_it_may_heal_and_a_wrong_secret_is_not(azure, troubled_entra):
    troubles, asked = troubled_entra
    signed_in = sign_in(azure.environ(), azure.cloud())
    troubles += [503]
    assert principal_of(signed_in.credential, azure.cloud()).object_id == OPERATOR
    assert len(asked) == 2
    signed_in.credential.close()
    wrong = sign_in(azure.environ(ARM_CLIENT_SECRET="another"), azure.cloud())
    with pytest.raises(SignInFailed, match="AADSTS7000215"):
        principal_of(wrong.credential, azure.cloud())
    assert len(asked) == 3
    wrong.credential.close()


def test_entra_out_of_reach_is_no_refusal(azure):
    environ = azure.environ(ANOMALYCTL_AZURE_AUTHORITY=f"https://127.0.0.1:{free_port()}")
    signed_in = sign_in(environ, cloud_from(environ))
    with pytest.raises(Unreachable, match=r"127\.0\.0\.1"):
        principal_of(signed_in.credential, cloud_from(environ))
    signed_in.credential.close()


def test_many_threads_ask_for_one_token_once():
    inner = StandInCredential()
    kept = KeptTokens(inner)
    threads = [threading.Thread(target=kept.get_token, args=("scope",)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert inner.asked == ["scope"]


def test_a_token_that_ends_soon_is_asked_for_anew_and_claims_are_passed_on():
    inner = StandInCredential(seconds=200)
    kept = KeptTokens(inner)
    kept.get_token("scope")
    kept.get_token("scope")
    assert len(inner.asked) == 2
    long = StandInCredential()
    kept = KeptTokens(long)
    kept.get_token("scope")
    kept.get_token("scope", claims="{}")
    assert len(long.asked) == 2


def test_a_token_that_names_nobody_is_a_failed_sign_in():
    credential = StandInCredential()
    credential.get_token = lambda *scopes, **options: type("T", (), {"token": "opaque", "expires_on": 0})()
    with pytest.raises(SignInFailed, match="does not say whose"):
        principal_of(credential, PUBLIC)


def test_a_sovereign_cloud_is_refused_and_said_why():
    assert cloud_from({"ARM_ENVIRONMENT": "public"}) == PUBLIC_CLOUD
    for name in ("china", "usgovernment"):
        with pytest.raises(PreconditionFailed, match=f"{name}, and this system is made for the public Azure"):
            cloud_from({"ARM_ENVIRONMENT": name})
    with pytest.raises(InvalidInput, match="no cloud that is known") as raised:
        cloud_from({"ARM_ENVIRONMENT": "mars"})
    assert raised.value.field == "ARM_ENVIRONMENT"


def test_an_address_without_tls_is_refused():
    with pytest.raises(InvalidInput, match="https://"):
        cloud_from({"ANOMALYCTL_AZURE_RESOURCE_MANAGER": "http://127.0.0.1:1"})
