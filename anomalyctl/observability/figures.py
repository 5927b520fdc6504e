"""Figures of this process: who has some offers them, who has a port or an exporter shows them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from anomalyctl.observability.names import Name

Labels = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Figure:
    """One family's values, by their labels."""

    family: Name
    values: Sequence[tuple[Labels, float]]

    @property
    def name(self) -> str:
        """The family's name."""
        return self.family.name


Offer = Callable[[], Sequence[Figure]]
_offers: list[Offer] = []


def offer(figures: Offer) -> None:
    """Have `figures` asked whenever somebody looks. It must answer soon, and must not raise.
    Offered again, it is asked once all the same.
    """
    if figures not in _offers:
        _offers.append(figures)


def all_figures() -> list[Figure]:
    """What everybody in this process offers now."""
    return [figure for each in _offers for figure in each()]


def exposition(figures: Sequence[Figure] | None = None) -> str:
    """Figures (all of the process, unless given) in Prometheus' text form."""
    lines: list[str] = []
    for figure in all_figures() if figures is None else figures:
        lines += [f"# HELP {figure.name} {figure.family.help}", f"# TYPE {figure.name} {figure.family.kind}"]
        for labels, value in figure.values:
            told = ",".join(f'{name}="{_escaped(text)}"' for name, text in labels.items())
            lines.append(f"{figure.name}{{{told}}} {value:g}" if told else f"{figure.name} {value:g}")
    return "\n".join([*lines, ""])


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
