"""Commands with `--env dev` against parts that look at tokens, and what is said where a part is out of reach."""

from __future__ import annotations

from tests.support.azure_environment import AzureEnvironment, open_connections


def test_readings_reach_an_azure_environment_with_a_checked_token(azure: AzureEnvironment) -> None:
    refused = azure.document("simulate", "--count", "3", expect=9)
    assert "--confirm dev" in refused["hint"]
    sent = azure.document("simulate", "--count", "3", "--rate", "1s", "--confirm", "dev")
    assert sent["readings"] == 3
    assert azure.redis.shown
    stores = open_connections(azure)
    assert stores.readings.backlog().queued == 3
    stores.close()
