"""The same question to several, at once, in threads that do not hold up the end of the process."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Final, TypeVar

Asked = TypeVar("Asked")
Told = TypeVar("Told")
_LOOK_S: Final = 0.2
"""Ctrl-C is seen between two looks."""


def side_by_side(ask: Callable[[Asked], Told], several: Sequence[Asked]) -> list[Told]:
    """The answers in the order of the questions. Raises the first error of any, without waiting for others.

    A pool would wait for its threads on Ctrl-C and again at the end of the interpreter.
    """
    answers: dict[int, Told] = {}
    errors: list[BaseException] = []
    changed = threading.Condition()

    def work(place: int, one: Asked) -> None:
        try:
            answer = ask(one)
        except BaseException as error:  # noqa: BLE001 - handed to the caller's thread
            with changed:
                errors.append(error)
                changed.notify()
        else:
            with changed:
                answers[place] = answer
                changed.notify()

    for place, one in enumerate(several):
        threading.Thread(target=work, args=(place, one), daemon=True).start()
    with changed:
        while len(answers) < len(several) and not errors:
            changed.wait(_LOOK_S)
    if errors:
        raise errors[0]
    return [answers[place] for place in range(len(several))]
