"""From a function folder to the Python function that is called."""

from __future__ import annotations

import importlib.util
import inspect
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from anomalyctl.local.functions.bindings import FunctionDefinition, refusal


def make_importable(root: Path) -> None:
    """In Azure the contents of the app are the root that its modules are imported from."""
    if str(root) not in sys.path:
        sys.path.insert(0, str(root))


def load_function(definition: FunctionDefinition) -> Callable[..., Any]:
    """The entry point. Raises InvalidInput, naming the folder, when it is missing or takes something else.

    So does a script that fails while it is imported.
    """
    name = f"__app__.{definition.name}"
    spec = importlib.util.spec_from_file_location(
        name, definition.script, submodule_search_locations=[str(definition.folder)]
    )
    if spec is None or spec.loader is None:
        raise refusal(definition.folder, f"{definition.script.name} is no Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        raise refusal(
            definition.folder, f"importing it failed with {type(error).__name__}: {error}"
        ) from error
    function: Callable[..., Any] | None = getattr(module, definition.entry_point, None)
    if function is None or not callable(function):
        raise refusal(definition.folder, f"{definition.script.name} has no function {definition.entry_point}")
    if inspect.iscoroutinefunction(function):
        raise refusal(definition.folder, "this host calls plain functions, not coroutines")
    if definition.parameter not in inspect.signature(function).parameters:
        raise refusal(
            definition.folder, f"{definition.entry_point} takes no parameter “{definition.parameter}”"
        )
    return function
