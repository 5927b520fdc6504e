"""What the function app reads from its environment."""

from __future__ import annotations

from typing import Any, cast

from pydantic import Field, SecretStr, ValidationError

from anomalyctl.errors import InvalidInput
from anomalyctl.stores.readings.places import MOST_QUEUES
from anomalyctl.stores.settings import StoreSettings


class WorkerSettings(StoreSettings):
    """Stores, detectors and habits of one function app."""

    fastapi_endpoint: str
    """Address of the detectors, such as `https://detectors.example`."""
    detector_token: SecretStr = SecretStr("")
    """Bearer token of the detectors."""
    reading_queues: int = Field(1, ge=1, le=MOST_QUEUES)
    """Queues that sources are spread over, so that as many workers judge side by side."""
    train_on_simulated: bool = False
    """Whether simulated readings may train a model: `local` says true, a protected environment never."""


def worker_settings() -> WorkerSettings:
    """Settings from the environment. Raises InvalidInput naming the variables at fault, not their values."""
    try:
        settings: Any = WorkerSettings  # pydantic reads the fields from the environment
        return cast("WorkerSettings", settings())
    except ValidationError as error:
        names = sorted({str(part).upper() for problem in error.errors() for part in problem["loc"][:1]})
        raise InvalidInput(
            f"The function app's settings are missing or wrong: {', '.join(names)}.",
            field=names[0] if names else "",
            hint="set them as application settings",
        ) from None
