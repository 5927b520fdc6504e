"""`plan --no-lock`: for an identity that may only read, such as a pull request's."""

from pathlib import Path

from tests.support.state_server import StateServer
from tests.support.wrapped_root import WrappedRoot


def test_a_plan_without_lock_writes_nothing_and_stands_in_nobodys_way(
    chain: WrappedRoot, backend: StateServer, tmp_path: Path
):
    review = tmp_path / "review.md"
    backend.lock = {"ID": "f00", "Who": "eve@elsewhere", "Operation": "OperationTypeApply"}
    chain.error("plan", expect=5)
    backend.verbs.clear()
    made = chain.document("plan", "--no-lock", "--markdown", str(review))
    assert made["counts"] == {"create": 3}
    assert backend.changes == []
    assert "3 to create" in review.read_text()


def test_without_lock_no_workspace_is_made_and_the_review_says_why_there_is_none(tmp_path: Path):
    root, review = WrappedRoot(tmp_path / "root", 'resource "terraform_data" "a" {}'), tmp_path / "review.md"
    review.write_text("of an earlier commit")
    refused = root.error("plan", "--env", "dev", "--no-lock", "--markdown", str(review), expect=6)
    assert refused["code"] == "not_deployed"
    assert "**Not planned.** There is no workspace dev" in review.read_text()
    assert "dev" not in str(root.document("workspace", "list"))


def test_a_plan_that_takes_no_lock_waits_for_none(chain: WrappedRoot):
    refused = chain.error("plan", "--no-lock", "--lock-timeout", "5s", expect=64)
    assert refused["code"] == "invalid_input"
