"""Where the language model is, from the specification's environment variables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from anomalyctl.errors import InvalidInput


@dataclass(frozen=True, slots=True)
class LanguageSettings:
    """An Azure OpenAI deployment."""

    endpoint: str
    deployment: str
    api_key: str = field(default="", repr=False)
    """Empty: azure-identity signs in."""


def settings_from(environment: Mapping[str, str]) -> LanguageSettings | None:
    """Settings, or None where no endpoint is set. Raises `InvalidInput` naming what is wrong."""
    endpoint = environment.get("AZURE_OPENAI_ENDPOINT", "").strip().rstrip("/")
    deployment = environment.get("AZURE_OPENAI_DEPLOYMENT", "").strip()
    if not endpoint:
        return None
    if not endpoint.startswith(("https://", "http://127.0.0.1", "http://localhost")):
        raise InvalidInput(
            "AZURE_OPENAI_ENDPOINT must be an https address.",
            field="AZURE_OPENAI_ENDPOINT",
            hint="For example https://<name>.openai.azure.com",
        )
    if not deployment:
        raise InvalidInput(
            "AZURE_OPENAI_ENDPOINT is set, but AZURE_OPENAI_DEPLOYMENT is not.",
            field="AZURE_OPENAI_DEPLOYMENT",
            hint="Name the model's deployment, or unset both to use the known causes.",
        )
    return LanguageSettings(endpoint, deployment, environment.get("AZURE_OPENAI_API_KEY", "").strip())
