"""`python -m anomalyctl.pipeline.batch_job`: refit every source's model once, beside the event flow."""

from __future__ import annotations

import logging
import sys

from anomalyctl.errors import AnomalyctlError
from anomalyctl.observability.bound import about, bind, new_run_id
from anomalyctl.observability.logs import set_up_logging
from anomalyctl.observability.traces import Trace
from anomalyctl.pipeline.worker import Worker, worker

SERVICE = "job"

logger = logging.getLogger(__name__)


def main() -> int:
    """Fit and return the exit code; what came of it goes to standard output, a JSON object a line."""
    set_up_logging(service=SERVICE)
    with bind(run_id=new_run_id()):
        try:
            _fit(worker(service=SERVICE))
        except AnomalyctlError as error:
            with bind(**about(error)):
                logger.error("no models: %s %s", error.message, error.hint, extra={"code": error.code})
            return error.exit_code
    return 0


def _fit(made: Worker) -> None:
    trace = Trace("fit the models", kind="internal")
    trace.keep("job")
    try:
        with trace.active():
            fits = made.fit_models()
            fitted = sum(fit.version is not None for fit in fits)
            logger.info("fitted models of %d of %d sources", fitted, len(fits), extra={"fitted": fitted})
    except BaseException as error:
        trace.end(error)
        raise
    trace.end()


if __name__ == "__main__":
    sys.exit(main())
