"""What a deploy says of the addresses that it made."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route

from anomalyctl.operations.infrastructure.health import health_of
from anomalyctl.operations.infrastructure.outputs import Output
from tests.support.certificates import Certificates, serving_https


@pytest.mark.parametrize(
    ("output", "path"), [("container_app_fqdn", "/health/ready"), ("app_service_url", "/api/health")]
)
def test_what_has_nothing_at_its_root_is_asked_at_its_health_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, output: str, path: str
) -> None:
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    certificates = Certificates.made_in(tmp_path)

    async def answer(request: Any) -> Any:
        return JSONResponse({})

    with serving_https(Starlette(routes=[Route(path, answer)]), certificates) as address:
        environ = {"ANOMALYCTL_AZURE_CA_BUNDLE": str(certificates.authority)}
        (found,) = health_of((Output(output, address, False),), environ)
        assert (found.answer, found.detail, found.address) == ("answers", "HTTP 200", address)
        (elsewhere,) = health_of((Output("other_url", address, False),), environ)
        assert elsewhere.answer == "not published yet"
        (distrusted,) = health_of((Output(output, address, False),), {})
        assert distrusted.answer == "no answer"
