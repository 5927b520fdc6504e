"""`deploy` from inside: what it asks, what it waits for, what it tries again."""

from pathlib import Path

import pytest

from anomalyctl.errors import Declined, Transient
from anomalyctl.operations.infrastructure.deploying import deploy_azure
from anomalyctl.operations.infrastructure.planning import PlanOptions, Review
from anomalyctl.operations.infrastructure.stage import Request

BUSY = """
resource "terraform_data" "first" {}
resource "terraform_data" "busy" {
  input = terraform_data.first.id
  provisioner "local-exec" {
    working_dir = "%s"
    command     = "echo x >> tries; test $(wc -l < tries) -gt %d || (echo AnotherOperationInProgress; exit 1)"
  }
}
"""


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TF_CLI_CONFIG_FILE", raising=False)


def deploy(root: Path, reviews: list[Review], waits: list[float]):
    return deploy_azure(
        Request("local", root), PlanOptions(), approve=reviews.append, sleep=waits.append, look=lambda _: ()
    )


def test_a_transient_failure_is_followed_by_a_fresh_plan_of_what_was_reviewed(tmp_path: Path):
    (tmp_path / "main.tf").write_text(BUSY % (tmp_path, 1))
    reviews, waits = [], []
    deployed = deploy(tmp_path, reviews, waits)
    assert deployed.outcome == "applied"
    assert len(reviews) == 1
    assert waits == [30.0]
    assert deployed.applied is not None
    assert deployed.applied.plan_id != reviews[0].plan_id


def test_a_failure_that_stays_is_told_after_its_tries(tmp_path: Path):
    (tmp_path / "main.tf").write_text(BUSY % (tmp_path, 99))
    waits: list[float] = []
    with pytest.raises(Transient) as failed:
        deploy(tmp_path, [], waits)
    assert failed.value.exit_code == 10
    assert waits == [30.0, 30.0]
    assert "AnotherOperationInProgress" in failed.value.details["original"][0]


def test_a_fresh_plan_with_more_than_was_reviewed_is_not_applied(tmp_path: Path):
    (tmp_path / "main.tf").write_text(BUSY % (tmp_path, 1))

    def somebody_adds(_: float) -> None:
        (tmp_path / "more.tf").write_text('resource "terraform_data" "unseen" {}\n')

    with pytest.raises(Transient) as failed:
        deploy_azure(
            Request("local", tmp_path),
            PlanOptions(),
            approve=lambda _: None,
            sleep=somebody_adds,
            look=lambda _: (),
        )
    assert "terraform_data.unseen" in failed.value.hint
    assert "unseen" not in (tmp_path / "terraform.tfstate").read_text()


def test_a_no_changes_nothing(tmp_path: Path):
    (tmp_path / "main.tf").write_text('resource "terraform_data" "a" {}\n')

    def no(_: Review) -> None:
        raise Declined("no")

    with pytest.raises(Declined):
        deploy_azure(Request("local", tmp_path), PlanOptions(), approve=no)
    assert not (tmp_path / "terraform.tfstate").exists()
