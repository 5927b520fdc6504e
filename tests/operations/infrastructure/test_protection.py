"""What protects: flags that a service still has on, and plans that destroy."""

from tests.support.wrapped_root import WrappedRoot


def test_a_plan_that_destroys_is_not_applied_by_apply_with_a_yes(small: WrappedRoot):
    small.document("deploy", "--yes")
    kept = small.document("destroy", "--plan-only", "--include-stateful")
    assert kept["destroyed"] is False
    refused = small.error("apply", "--yes", expect=9)
    assert "destroy --project" in refused["hint"] or "anomalyctl destroy" in refused["hint"]
    assert "--plan" in refused["hint"]
    assert len(small.document("state", "list")["resources"]) == 3
    plan_id = refused["hint"].rpartition(" ")[2]
    gone = small.document("destroy", "--confirm", "default", "--include-stateful", "--plan", plan_id)
    assert gone["destroyed"] is True
    assert small.document("state", "list")["resources"] == []


def test_a_target_of_a_destruction_may_be_one_instance_and_must_exist(small: WrappedRoot):
    small.write(
        'resource "terraform_data" "many" { count = 2 }\n'
        'resource "terraform_data" "kept" {\n  lifecycle {\n    prevent_destroy = true\n  }\n}\n'
    )
    small.document("deploy", "--yes")
    one = ("destroy", "--confirm", "default", "--target")
    assert "terraform_data.none" in small.error(*one, "terraform_data.none", expect=1)["message"]
    assert "--include-stateful" in small.error(*one, "terraform_data.kept", expect=9)["hint"]
    small.document(*one, "terraform_data.many[1]")
    assert small.document("state", "list")["resources"] == ["terraform_data.kept", "terraform_data.many[0]"]
