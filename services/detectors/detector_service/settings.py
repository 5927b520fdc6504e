"""What the service reads from its environment."""

from __future__ import annotations

import sys

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import SettingsConfigDict

from anomalyctl.stores.settings import RedisSettings


class DetectorSettings(RedisSettings):
    """Redis as every service has it, and the token that callers show.

    The language model's variables (`AZURE_OPENAI_ENDPOINT`, `AZURE_OPENAI_DEPLOYMENT`) are read by
    `anomalyctl.language`; without them contexts are the registry's known causes.
    """

    model_config = SettingsConfigDict(extra="ignore", frozen=True)

    detector_token: SecretStr = Field(min_length=16)
    """Bearer token of `/detect/*`; there is no way to run without one."""
    detector_requests_per_second: float = Field(1_000.0, gt=0)
    """More requests to one replica are answered 429, with the time to wait."""


def settings_from_environment() -> DetectorSettings:
    """The settings, or an end with one sentence per variable that is missing or wrong (never its value)."""
    try:
        # pydantic-settings fills the fields from the environment, which mypy cannot see.
        return DetectorSettings()  # type: ignore[call-arg]
    except ValidationError as error:
        faults = "; ".join(f"{str(fault['loc'][0]).upper()}: {fault['msg']}" for fault in error.errors())
        sys.exit(f"The detectors cannot start. {faults}.")
