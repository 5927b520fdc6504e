"""Publishing as a step of `deploy`, and what the plan after it knows."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from anomalyctl.environments import Environment
from anomalyctl.errors import Locked, PartlyDone
from anomalyctl.operations.infrastructure import deploying
from anomalyctl.operations.infrastructure.place import Place
from anomalyctl.operations.infrastructure.published_tag import adopt_published_tag, keep_tag, kept_tag
from anomalyctl.operations.infrastructure.stage import Request
from anomalyctl.operations.publishing.model import Publishing
from anomalyctl.project import Project
from tests.support.azure_stand_in.paper import Trouble
from tests.support.azure_stand_in.publishing import APP


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


class Prepared:
    """As much of a stage as looking for the image needs."""

    def __init__(self, checkout: Any, ours: bool = True) -> None:
        project = Project(root=checkout.root, state=checkout.root / ".anomalyctl")
        environment = Environment("dev", "azure", protected=False, summary="")
        folder = checkout.root / "terraform"
        self.place = Place(project, environment, folder, folder, "dev", ours, "")
        self.environ = checkout.environ
        self.told: list[str] = []
        self.watcher = SimpleNamespace(warn=self.told.append)
        self.place.state.mkdir(parents=True, exist_ok=True)
        (self.place.state / "outputs.json").write_text(
            f'{{"ids": {{"azurerm_container_app.detectors": "{APP}"}}}}'
        )


def test_a_plan_names_the_image_that_runs_whoever_published_it(checkout: Any) -> None:
    commit = checkout.commit()
    checkout.publish("detectors")
    prepared = Prepared(checkout)
    keep_tag(prepared.place, "0123abc")  # published from here before somebody else did
    adopt_published_tag(cast(Any, prepared))
    assert kept_tag(prepared.place.published_variables) == commit
    assert prepared.place.published_variables in prepared.place.default_variable_files


def test_a_placeholder_is_no_image_of_ours(checkout: Any) -> None:
    prepared = Prepared(checkout)
    adopt_published_tag(cast(Any, prepared))
    assert not prepared.place.published_variables.exists()


def test_an_app_that_cannot_be_asked_leaves_the_kept_image_and_says_so(checkout: Any) -> None:
    prepared = Prepared(checkout)
    keep_tag(prepared.place, "0123abc")
    checkout.azure.paper.troubles.append(Trouble(f"GET {APP}", 403, "AuthorizationFailed", times=9))
    adopt_published_tag(cast(Any, prepared))
    assert kept_tag(prepared.place.published_variables) == "0123abc"
    assert any("0123abc" in text for text in prepared.told)


def test_a_root_that_is_not_ours_has_no_such_image(checkout: Any) -> None:
    prepared = Prepared(checkout, ours=False)
    adopt_published_tag(cast(Any, prepared))
    assert prepared.place.default_variable_files == ()
    assert checkout.azure.paper.requests == []
