"""What the service reads from its environment."""

from __future__ import annotations

import sys
from typing import Self

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
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
    detector_audience: str = ""
    """Audience of Entra's tokens that count beside the service's own; empty: none do."""
    azure_tenant_id: str = ""
    """The tenant that gives them out; needed with an audience."""
    azure_authority_host: str = "https://login.microsoftonline.com"
    """Where that tenant signs in, and shows the keys that it signs with."""
    operator_object_ids: str = ""
    """Whose tokens of Entra count: object ids of identities or groups, with commas; empty: nobody's."""
    detector_requests_per_second: float = Field(1_000.0, gt=0)
    """More requests to one replica are answered 429, with the time to wait."""

    @field_validator("azure_tenant_id", "operator_object_ids")
    @classmethod
    def _lower(cls, value: str) -> str:
        return value.strip().lower()

    @field_validator("azure_authority_host")
    @classmethod
    def _address(cls, value: str) -> str:
        address = value if "://" in value else f"https://{value}"
        if not address.startswith("https://"):
            raise ValueError("must begin with https://: it says whose signatures count")
        return address.rstrip("/")

    @model_validator(mode="after")
    def _tenant_with_audience(self) -> Self:
        if self.detector_audience and not self.azure_tenant_id:
            raise ValueError("DETECTOR_AUDIENCE needs AZURE_TENANT_ID: whose tokens count")
        return self


def settings_from_environment() -> DetectorSettings:
    """The settings, or an end with one sentence per variable that is missing or wrong (never its value)."""
    try:
        # pydantic-settings fills the fields from the environment, which mypy cannot see.
        return DetectorSettings()  # type: ignore[call-arg]
    except ValidationError as error:
        faults = "; ".join(
            ": ".join((*(str(part).upper() for part in fault["loc"][:1]), fault["msg"]))
            for fault in error.errors()
        )
        sys.exit(f"The detectors cannot start. {faults}.")
