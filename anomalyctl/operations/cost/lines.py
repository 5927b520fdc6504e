"""One line of an estimate: what a resource is thought to cost a month, and how that was reckoned."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CostLine:
    """What one resource costs a month, in the currency of the table."""

    address: str
    what: str
    basis: str
    """How the amount was reckoned, for people."""
    monthly: float
    by_use: bool
    """True where the amount rests on assumptions about use."""
    reserved: float | None = None
    """What it would cost under a year's reservation; None where there is none to be had."""


@dataclass(frozen=True, slots=True)
class Unpriced:
    """A resource that the table does not know, and why: it is not in the sum."""

    address: str
    reason: str
