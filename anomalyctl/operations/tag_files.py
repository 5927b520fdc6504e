"""Tag registries that people keep in files: TOML, or JSON by its name or its first character."""

from __future__ import annotations

import tomllib
from pathlib import Path

import orjson

from anomalyctl.errors import InvalidInput, NotFound
from anomalyctl.telemetry.registry import parse_registry
from anomalyctl.telemetry.tags import TagRegistry


def read_tag_file(path: Path) -> TagRegistry:
    """The registry in the file. Raises NotFound, and InvalidInput whose `field` names the offending key."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise NotFound(f"There is no file {path}.", hint="Check --tags.") from None
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidInput(
            f"{path} cannot be read: {error}.", field="tags", hint="Give a TOML or JSON file."
        ) from None
    is_json = path.suffix.lower() == ".json" or text.lstrip().startswith("{")
    try:
        mapping = orjson.loads(text) if is_json else tomllib.loads(text)
    except (orjson.JSONDecodeError, tomllib.TOMLDecodeError) as error:
        raise InvalidInput(
            f"{path} is not {'JSON' if is_json else 'TOML'}: {error}.", field="tags", hint="Correct the file."
        ) from None
    return parse_registry(mapping)
