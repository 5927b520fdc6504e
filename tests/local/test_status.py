"""What status adds to the supervisor's word."""

from __future__ import annotations

from dataclasses import replace

from anomalyctl.cli.views.status import status_view
from anomalyctl.operations.status import EnvironmentStatus, PartStatus, _failing_functions


def status(detail: str, health: str = "healthy") -> EnvironmentStatus:
    part = PartStatus("functions", "Functions", health, "127.0.0.1:1", 3700.0, 2, "", detail, 1)  # type: ignore[arg-type]
    return EnvironmentStatus("local", "healthy", "2026-01-01", (part,), 0, 0, None, 0)


def shown(of: EnvironmentStatus) -> str:
    from anomalyctl.cli.console import out

    console = out()
    with console.capture() as got:
        console.print(status_view(of))
    return got.get()


def test_a_function_that_fails_at_each_call_is_named_though_the_host_is_well() -> None:
    report = {
        "functions": [
            {"name": "sweep_readings", "trouble": "Unreachable: Redis cannot be reached"},
            {"name": "clean_up", "trouble": None},
        ]
    }
    assert _failing_functions(report) == "sweep_readings: Unreachable: Redis cannot be reached"
    assert _failing_functions({}) == ""


def test_trouble_stands_under_the_table_and_is_never_read_as_markup() -> None:
    text = shown(status("sweep_readings: [red]KeyError[/red]"))
    assert "Functions: sweep_readings: [red]KeyError[/red]" in text
    assert "see: anomalyctl logs functions" in text
    assert "1 h 1 min" in text


def test_a_healthy_part_has_nothing_under_the_table() -> None:
    assert "see:" not in shown(status(""))


def test_a_dashboard_that_was_left_out_is_told_in_one_line() -> None:
    without = replace(status(""), without_dashboard="The dashboard needs Node, which is not installed.")
    assert "Without the dashboard: The dashboard needs Node, which is not installed." in shown(without)
    assert "dashboard" not in shown(status(""))
