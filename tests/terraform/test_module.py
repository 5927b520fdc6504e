"""The module is formatted, initialises, validates without a warning, and passes its own tests.

With ANOMALYCTL_TEST_AZURERM=real these run on the real provider, from wherever this machine's own CLI
configuration finds it.
"""

from __future__ import annotations

import re

import pytest

from tests.support.terraform_root import Root


def test_the_files_are_formatted(initialised: Root) -> None:
    told = initialised.run("fmt", "-check", "-recursive", "-diff", expect=None)
    ours = [name for name in told.stdout.splitlines() if name.endswith((".tf", ".tfvars", ".hcl"))]
    assert told.exit_code == 0, f"terraform fmt -recursive would change {ours}"


def test_the_module_validates_without_errors_and_warnings(initialised: Root) -> None:
    told = initialised.run("validate", "-json", expect=None).json()
    assert told["diagnostics"] == []
    assert told["valid"] is True


@pytest.mark.timeout(1200)  # the real provider takes its seconds to start, two or three times a run
def test_the_modules_own_tests_pass(initialised: Root) -> None:
    events = initialised.run("test", "-json", expect=None).events()
    complaints = [
        f"{event.get('@testfile')} {event.get('@testrun')}: {event['diagnostic']['summary']} "
        f"{event['diagnostic']['detail']}"
        for event in events
        if event["type"] == "diagnostic" and event["diagnostic"]["severity"] == "error"
    ]
    assert not complaints, "\n".join(complaints)
    summary = next(event["test_summary"] for event in events if event["type"] == "test_summary")
    assert summary["status"] == "pass" and summary["passed"] > 0


def test_every_variable_with_a_rule_has_a_test_that_breaks_it(initialised: Root) -> None:
    """A validation that no test refuses a bad value for may be one that refuses nothing."""
    expected = set()
    for file in (initialised.folder / "tests").glob("*.tftest.hcl"):
        for listed in re.findall(r"expect_failures\s*=\s*\[(.*?)\]", file.read_text(), re.DOTALL):
            expected |= set(re.findall(r"var\.(\w+)", listed))
    ruled = set()
    for file in initialised.folder.glob("*.tf"):
        for name, body in re.findall(
            r'^variable "(\w+)" \{\n(.*?)^\}', file.read_text(), re.DOTALL | re.MULTILINE
        ):
            if "validation {" in body:
                ruled.add(name)
    assert ruled - expected == set()
