"""What to do about a day: rules over its figures, each with the command that begins it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from anomalyctl.operations.report.alarm_health import ACCEPTABLE_AN_HOUR, AlarmHealth
from anomalyctl.operations.report.judging import Judging, lasting
from anomalyctl.operations.report.trends import TagTrend

_MISSED_SHARE: Final = 0.01
_DOMINATES: Final = 0.5


@dataclass(frozen=True, slots=True)
class Recommendation:
    """One sentence, and how to begin."""

    rule: str
    text: str
    command: str


def recommendations(
    judging: Sequence[Judging],
    trends: Mapping[str, Sequence[TagTrend]],
    health: AlarmHealth,
    dead_letters: Mapping[str, int],
    environment: str,
) -> tuple[Recommendation, ...]:
    """What is urgent first."""
    found = [
        *_about_alarms(health),
        *_about_readings(judging, dead_letters),
        *(one for source, tags in trends.items() for one in _about_trends(source, tags)),
    ]
    where = "" if environment == "local" else f" --env {environment}"
    return tuple(Recommendation(one.rule, one.text, f"{one.command}{where}") for one in found)


def _about_alarms(health: AlarmHealth) -> Iterator[Recommendation]:
    if health.unassigned:
        yield Recommendation(
            "unassigned",
            f"Nobody has taken {_counted(len(health.unassigned), 'grave episode')} yet.",
            f"anomalyctl anomalies assign {health.unassigned[0]} --to NAME",
        )
    if health.flood:
        yield Recommendation(
            "flood",
            f"{health.most_in_ten_minutes} new episodes within ten minutes: look for one cause behind them.",
            "anomalyctl anomalies explain @worst",
        )
    if health.standing:
        yield Recommendation(
            "standing",
            f"{_counted(len(health.standing), 'episode')} open for more than a day: look for the cause.",
            f"anomalyctl anomalies show {health.standing[0]}",
        )
    for tag in health.chattering:
        yield Recommendation(
            "chattering",
            f"{tag} raised three episodes or more within an hour: widen its dead-band or its delays.",
            f"anomalyctl anomalies list --tag {tag} --status all",
        )
    if health.an_hour > ACCEPTABLE_AN_HOUR:
        yield Recommendation(
            "too many",
            f"{health.an_hour:.1f} new episodes an hour; one operator handles about {ACCEPTABLE_AN_HOUR:g}.",
            "anomalyctl anomalies list --status all",
        )
    if health.worst and health.worst[0].share > _DOMINATES and health.new >= 4:
        worst = health.worst[0]
        yield Recommendation(
            "bad actor",
            f"{worst.tag} leads {worst.share:.0%} of the episodes: review its limits before anything else.",
            f"anomalyctl anomalies list --tag {worst.tag} --status all",
        )


def _about_readings(judging: Sequence[Judging], dead_letters: Mapping[str, int]) -> Iterator[Recommendation]:
    for one in judging:
        if one.longest_silence_s:
            yield Recommendation(
                "silence",
                f"{one.source} sent nothing for {lasting(one.longest_silence_s)}: check the sender.",
                "anomalyctl status",
            )
        if one.half_judged:
            yield Recommendation(
                "half judged",
                f"{_counted(one.half_judged, 'verdict')} of {one.source} without one of the methods.",
                "anomalyctl logs detectors",
            )
        if one.warming_up and one.judged and one.warming_up > one.judged * _MISSED_SHARE:
            yield Recommendation(
                "no model",
                f"{one.source} was judged without a model {_counted(one.warming_up, 'time')}.",
                f"anomalyctl detectors fit --source {one.source}",
            )
    if dead_letters:
        yield Recommendation(
            "dead letters",
            f"{_counted(sum(dead_letters.values()), 'reading')} without a verdict; each names its fault.",
            "anomalyctl dead-letters list",
        )


def _about_trends(source: str, trends: Sequence[TagTrend]) -> Iterator[Recommendation]:
    for one in trends:
        if one.reaches and one.reaches_in_days is not None:
            yield Recommendation(
                "trend",
                f"{one.tag} of {source} moves {one.slope_a_day:+.3g} {one.unit} a day and would reach "
                f"its limit {one.reaches} in {one.reaches_in_days:.1f} days.",
                f"anomalyctl anomalies list --tag {one.tag} --status all",
            )


def _counted(count: int, noun: str) -> str:
    return f"{count:,} {noun}" + ("" if count == 1 else "s")
