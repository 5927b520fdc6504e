"""What is done once, after the modules are loaded and before the first request."""

from __future__ import annotations

import gc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from starlette.concurrency import run_in_threadpool

from anomalyctl.observability.starting import stop_telling


@asynccontextmanager
async def settled(_: FastAPI) -> AsyncIterator[None]:
    """Keep the garbage collector from looking through what stays anyway: it held up single requests."""
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()
    await run_in_threadpool(stop_telling)
