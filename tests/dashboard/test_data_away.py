"""While a store is away the dashboard keeps the last data, with the reason."""

from __future__ import annotations

import json
import time

from tests.support.dashboard_plant import Plant, shown_tag


def test_while_redis_is_away_the_last_data_stays_with_the_reason_and_it_comes_back_by_itself(
    plant: Plant,
) -> None:
    plant.send("stays", [10.0, 0.0])
    plant.dashboard.ask("overview", source="stays")
    plant.valkey.stop()
    try:
        away = plant.dashboard.ask("overview", source="stays")
        assert shown_tag(away, "A")["value"] == 0.0
        assert away["readings"]["state"] == "away"
        assert away["readings"]["reason"].startswith("Redis cannot be asked")
        assert plant.valkey.password not in json.dumps(away)
        assert [part["state"] for part in plant.dashboard.ask("health")] == ["away", "ok"]
    finally:
        plant.valkey.start()
    deadline = time.monotonic() + 60
    while (back := plant.dashboard.ask("overview", source="stays"))["readings"]["state"] == "away":
        assert time.monotonic() < deadline, back["readings"]
        time.sleep(0.02)
    assert shown_tag(back, "A")["value"] == 0.0
    assert [part["state"] for part in plant.dashboard.ask("health")] == ["ok", "ok"]
    assert plant.valkey.password not in "".join(plant.dashboard.logs)


def test_while_cosmos_db_is_away_the_last_episodes_stay_and_an_action_says_that_it_was_not_done(
    plant: Plant,
) -> None:
    plant.judge("away", 60.0, "A")
    (found,) = plant.dashboard.ask("anomalies", query="source=away")["episodes"]
    plant.cosmos.stop()
    try:
        page = plant.dashboard.ask("anomalies", query="source=away")
        assert ([each["anomalyId"] for each in page["episodes"]], page["freshness"]["state"]) == (
            [found["anomalyId"]],
            "away",
        )
        done = plant.dashboard.ask(
            "act",
            action="resolve",
            operator="anna",
            request={"anomalyId": found["anomalyId"], "etag": found["etag"], "notes": "x"},
        )
        assert (done["ok"], done["code"]) == (False, "away")
        assert [part["state"] for part in plant.dashboard.ask("health")] == ["ok", "away"]
    finally:
        plant.cosmos.restart()
    assert plant.dashboard.ask("anomalies", query="source=away")["freshness"]["state"] == "live"
    assert plant.cosmos.key not in "".join(plant.dashboard.logs)
