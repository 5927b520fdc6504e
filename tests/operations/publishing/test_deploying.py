"""Publishing as a step of `deploy`, and what the plan after it knows."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from anomalyctl.errors import Locked, PartlyDone
from anomalyctl.operations.infrastructure import deploying
from anomalyctl.operations.infrastructure.stage import Request
from anomalyctl.operations.publishing.model import Publishing


@pytest.fixture
def planless(monkeypatch: pytest.MonkeyPatch) -> None:
    """A deploy whose plan finds nothing to do: what comes after it is looked at here."""
    from contextlib import nullcontext

    prepared = SimpleNamespace(
        run=SimpleNamespace(id="r"), shelf=SimpleNamespace(forget=lambda _: None), terraform=None
    )
    review = SimpleNamespace(environment="dev", has_changes=False)
    monkeypatch.setattr(deploying, "make_ready", lambda *_: None)
    monkeypatch.setattr(deploying, "stage", lambda *_, **__: nullcontext(prepared))
    monkeypatch.setattr(deploying, "plan", lambda *_: SimpleNamespace(review=review, kept=None))
    monkeypatch.setattr(deploying, "outputs_of", lambda _: ())


def deploy(**options: Any) -> Any:
    return deploying.deploy_azure(
        Request("dev"), cast(Any, None), approve=lambda _: None, look=lambda _: (), **options
    )


def test_a_deploy_publishes_once_the_infrastructure_stands(planless: None) -> None:
    published = Publishing("dev", "run", ())
    assert deploy(publish=lambda: published).published == published
    assert deploy(publish=None).published is None


def test_a_plan_alone_publishes_nothing(planless: None) -> None:
    asked: list[str] = []
    deploy(plan_only=True, publish=lambda: asked.append("x"))
    assert asked == []


def test_infrastructure_without_its_code_is_partly_done(planless: None) -> None:
    def refused() -> Publishing:
        raise Locked("Another deployment goes on.", hint="Try again in a few minutes.")

    with pytest.raises(PartlyDone, match="Another deployment goes on") as partly:
        deploy(publish=refused)
    assert "anomalyctl publish --env dev" in partly.value.hint
    assert partly.value.details["code"] == "locked"
