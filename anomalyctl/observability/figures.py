"""Figures of this process, in Prometheus' text form: who has some offers them, who has a port shows them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Figure:
    """One family: values by their labels."""

    name: str
    kind: Literal["counter", "gauge", "summary"]
    help: str
    values: Sequence[tuple[Mapping[str, str], float]]


Offer = Callable[[], Sequence[Figure]]
_offers: list[Offer] = []


def offer(figures: Offer) -> None:
    """Have `figures` asked whenever somebody looks. It must answer soon, and must not raise."""
    _offers.append(figures)


def exposition() -> str:
    """All figures of the process."""
    lines: list[str] = []
    for figure in (figure for each in _offers for figure in each()):
        lines += [f"# HELP {figure.name} {figure.help}", f"# TYPE {figure.name} {figure.kind}"]
        for labels, value in figure.values:
            told = ",".join(f'{name}="{_escaped(text)}"' for name, text in labels.items())
            lines.append(f"{figure.name}{{{told}}} {value:g}" if told else f"{figure.name} {value:g}")
    return "\n".join([*lines, ""])


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
