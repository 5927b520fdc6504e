"""A failure that is known is told in plain words; every other one in Terraform's."""

from __future__ import annotations

import pytest

from anomalyctl.errors import (
    AnomalyctlError,
    Locked,
    PreconditionFailed,
    Protected,
    SignInFailed,
)
from anomalyctl.provisioning.events import (
    Diagnostic,
)
from anomalyctl.provisioning.failures import failure, retry_of, rules

LOCKED = """Error message: state blob is already locked
Lock Info:
  ID:        2f9a-77
  Path:      tfstate/anomaly-detection.tfstateenv:dev
  Operation: OperationTypeApply
  Who:       {who}
  Version:   1.11.4
  Created:   2026-11-21 12:00:03.224105416 +0000 UTC
  Info:

Terraform acquires a state lock to protect the state from being written
by multiple users at the same time."""


@pytest.mark.parametrize(
    ("text", "kind", "rule"),
    [
        (LOCKED, Locked, "locked"),
        ('failed: blob metadata "terraformlockid" was empty', Locked, "lease-without-owner"),
        ("could not configure AzureCli Authorizer: please run az login", SignInFailed, "signed-out"),
        ("unexpected status 403 (403 Forbidden) with error: AuthorizationFailed", SignInFailed, "forbidden"),
        ("does not have authorization to perform action 'Microsoft.Authorization/roleAssignments/write'",
         SignInFailed, "role-assignment-forbidden"),
        ("StatusCode=409 Code=\"AnotherOperationInProgress\"", AnomalyctlError, "busy"),
        ("Instance cannot be destroyed", Protected, "prevented"),
        ("write /x: no space left on device", AnomalyctlError, "disk-full"),
        ("The ID already exists - to be managed via Terraform this\nresource needs to be imported",
         PreconditionFailed, "exists-already"),
    ],
)  # fmt: skip
def test_a_known_failure_speaks_plainly_and_keeps_its_original_text(text, kind, rule):
    error = failure("apply", [Diagnostic("error", "It failed", text, "azurerm_a.b")], environment="dev")
    assert isinstance(error, kind)
    assert error.details["rule"] == rule
    assert text in error.details["original"][0]
    assert "{" not in error.message + error.hint


def test_an_unknown_failure_says_what_terraform_said():
    error = failure(
        "plan", [Diagnostic("error", "Strange", "d", "a.b"), Diagnostic("error", "More")], environment="dev"
    )
    assert error.message == "Strange (a.b), and 1 more."
    assert (
        failure("plan", [], environment="dev", exit_code=-9).message
        == "`terraform plan` was ended by signal 9 and said nothing."
    )


def test_only_exact_transient_texts_are_tried_again():
    tried_again = {rule.id for rule in rules() if rule.retries}
    assert tried_again == {"busy", "etag", "throttled"}
    busy = failure("apply", [Diagnostic("error", "AnotherOperationInProgress")], environment="dev")
    assert retry_of(busy) == (2, 30.0)
    assert retry_of(failure("apply", [Diagnostic("error", "x")], environment="dev")) == (0, 0.0)


def test_every_rule_names_itself_once_and_links_over_https():
    assert len({rule.id for rule in rules()}) == len(rules())
    assert all(rule.link.startswith("https://") for rule in rules() if rule.link)
    assert all(rule.says.endswith(".") for rule in rules())
