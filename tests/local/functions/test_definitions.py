"""What the host refuses to run, it refuses with the folder named."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from anomalyctl.errors import InvalidInput
from anomalyctl.local.functions.bindings import Retry, read_definitions
from anomalyctl.local.functions.host import FunctionHost
from anomalyctl.local.functions.loading import load_function

TIMER = {"type": "timerTrigger", "direction": "in", "name": "timer", "schedule": "0 0 0 * * *"}
REAL_APP = Path(__file__).parents[3] / "services" / "functions"


def test_the_real_functions_can_all_be_run() -> None:
    settings = {
        "REDIS_TRIGGER": "127.0.0.1:1,password=x,ssl=False",
        "COSMOS_TRIGGER": "AccountEndpoint=http://x/;",
    }
    host = FunctionHost(REAL_APP, settings)
    names = {function["name"] for function in host.report()["functions"]}
    assert names == {path.parent.name for path in REAL_APP.glob("*/function.json")}


@pytest.mark.parametrize(
    ("trigger", "words"),
    [
        ({**TIMER, "type": "httpTrigger"}, "“httpTrigger”"),
        ({**TIMER, "direction": "out"}, "direction"),
        ({**TIMER, "schedule": "0 * * * *"}, "six fields"),
        ({**TIMER, "schedule": "x * * * * *"}, "six fields"),
        ({**TIMER, "schedule": "%SCHEDULE%"}, "the setting SCHEDULE is missing"),
        ({**TIMER, "runOnStartup": "yes"}, "“runOnStartup” must be true or false"),
        ({"type": "redisStreamTrigger", "name": "entry", "key": "k"}, "needs “connection”"),
        (
            {"type": "redisStreamTrigger", "name": "entry", "key": "k", "connection": "NONE"},
            "NONE .*missing",
        ),
        (
            {"type": "redisStreamTrigger", "name": "e", "key": "k", "connection": "BOTH"},
            "BOTH and BOTH__redisHostName may not both be set",
        ),
        (
            {"type": "redisStreamTrigger", "name": "e", "key": "k", "connection": "R", "maxBatchSize": 0},
            "“maxBatchSize” must be a whole number",
        ),
        ({"type": "cosmosDBTrigger", "name": "d", "connection": "R"}, "needs “databaseName”"),
    ],
)
def test_a_binding_that_azure_would_not_run_so_is_refused(
    app: Any, trigger: dict[str, Any], words: str
) -> None:
    app.function("broken", trigger, "pass")
    settings = {"R": "127.0.0.1:1", "BOTH": "127.0.0.1:1", "BOTH__redisHostName": "127.0.0.1:1"}
    with pytest.raises(InvalidInput, match=f"The function broken cannot be run: .*{words}") as refusal:
        FunctionHost(app.root, settings)
    assert refusal.value.field.endswith("broken/function.json")
    assert refusal.value.exit_code == 64


def test_more_than_one_binding_is_refused(app: Any) -> None:
    app.function("broken", TIMER, "pass", bindings=[TIMER, TIMER])
    with pytest.raises(InvalidInput, match=r"broken .* exactly one binding"):
        read_definitions(app.root, {})


def test_a_function_without_its_entry_point_is_refused(app: Any) -> None:
    app.function("broken", TIMER, "pass", entryPoint="start")
    with pytest.raises(InvalidInput, match=r"broken .* has no function start"):
        FunctionHost(app.root, {})


def test_a_function_with_another_parameter_is_refused(app: Any) -> None:
    app.function("broken", TIMER, "pass")
    (app.root / "broken" / "__init__.py").write_text("def main(clock): pass")
    with pytest.raises(InvalidInput, match="takes no parameter “timer”"):
        FunctionHost(app.root, {})


def test_a_script_that_fails_at_import_is_told_with_its_reason(app: Any) -> None:
    app.function("broken", TIMER, "pass")
    (app.root / "broken" / "__init__.py").write_text("import nowhere_to_be_found")
    with pytest.raises(InvalidInput, match="ModuleNotFoundError: No module named 'nowhere_to_be_found'"):
        FunctionHost(app.root, {})


def test_modules_beside_the_folders_can_be_imported_as_in_azure(app: Any) -> None:
    (app.root / "shared_words_of_this_test.py").write_text("WORD = 'shared'")
    app.function("one", TIMER, "from shared_words_of_this_test import WORD; note(WORD)")
    FunctionHost(app.root, {})
    load_function(read_definitions(app.root, {})[0])(timer=None)
    assert app.noted() == ["shared"]


def test_a_disabled_function_is_left_out(app: Any) -> None:
    app.function("one", TIMER, "pass")
    app.function("two", TIMER, "pass", disabled=True)
    assert [definition.name for definition in read_definitions(app.root, {})] == ["one"]


def test_settings_in_a_binding_are_filled_in(app: Any) -> None:
    app.function("one", {**TIMER, "schedule": "%WHEN% * * * * *"}, "pass")
    assert read_definitions(app.root, {"WHEN": "*/5"})[0].text("schedule") == "*/5 * * * * *"


def test_a_retry_policy_is_read(app: Any) -> None:
    fixed = {"strategy": "fixedDelay", "maxRetryCount": -1, "delayInterval": "00:01:30"}
    app.function("one", TIMER, "pass", retry=fixed)
    assert read_definitions(app.root, {})[0].retry == Retry(-1, (90.0, 90.0))


def test_a_folder_that_is_no_app_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match=r"no host\.json"):
        read_definitions(tmp_path, {})
