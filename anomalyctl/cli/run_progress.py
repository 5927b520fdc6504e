"""A run of Terraform for people: a live tree on a terminal, one line a change and a heartbeat elsewhere."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Final, Protocol

from anomalyctl.cli.console import talk
from anomalyctl.cli.invocation import current
from anomalyctl.operations.infrastructure.watching import Unwatched, Watcher

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.live import Live

    from anomalyctl.provisioning.progression import Progression, ResourceProgress

HEARTBEAT_S: Final = 30.0
_SHOWN: Final = 12
_FRAMES: Final = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
_DOING: Final = {
    "create": "creating",
    "update": "updating",
    "delete": "deleting",
    "replace": "replacing",
    "import": "importing",
}
_DID: Final = {"create": "created", "update": "updated", "delete": "deleted", "replace": "replaced"}


class Screen(Watcher, Protocol):
    """A watcher that can make room for a question."""

    def pause(self) -> contextlib.AbstractContextManager[None]:
        """Nothing moves on the screen within the block."""


@contextlib.contextmanager
def shown_run() -> Iterator[Screen]:
    """A watcher for the operation inside the `with`."""
    if current.quiet:
        yield _Quiet()
    elif talk().is_terminal:
        tree = _Tree()
        with tree.live():
            yield tree
    else:
        yield _Lines()


class _Quiet(Unwatched):
    """Nothing."""

    def pause(self) -> contextlib.AbstractContextManager[None]:
        return contextlib.nullcontext()


class _Lines:
    """One line a change; a heartbeat says what is still going on."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._spoke = clock()

    def step(self, text: str) -> None:
        self._say(text)

    def done(self, text: str) -> None:
        self._say(f"(✓) Done {text}")

    def warn(self, text: str) -> None:
        self._say(f"(!) Warning {text}")

    def advance(self, done: int, total: int, text: str) -> None:
        self._say(f"{text} {done:,} of {total:,}" if total else f"{text} {done:,}")

    def moved(self, progression: Progression, resource: ResourceProgress) -> None:
        if resource.state not in ("done", "failed"):
            return  # the heartbeat tells what goes on
        counted = f"[{_ended(progression)}/{len(progression.resources)}]"
        self._say(f"{counted} {resource.address}: {state_of(resource, self._clock())}")

    def tick(self, progression: Progression) -> None:
        now = self._clock()
        if now - self._spoke < HEARTBEAT_S or not progression.in_flight:
            return
        going = ", ".join(f"{one.address} {state_of(one, now)}" for one in progression.in_flight)
        self._say(f"Still going: {going}")

    def pause(self) -> contextlib.AbstractContextManager[None]:
        return contextlib.nullcontext()

    def _say(self, text: str) -> None:
        self._spoke = self._clock()
        talk().print(text, markup=False, soft_wrap=True)


class _Tree:
    """What goes on now, with elapsed and usual time; what is done stays above as lines."""

    def __init__(self) -> None:
        self._text = "…"
        self._progression: Progression | None = None
        self._live = self._new_live()

    @contextlib.contextmanager
    def live(self) -> Iterator[None]:
        self._live.start()
        try:
            yield
        finally:
            self._live.stop()

    @contextlib.contextmanager
    def pause(self) -> Iterator[None]:
        self._live.stop()
        try:
            yield
        finally:
            self._live = self._new_live()
            self._live.start()

    def step(self, text: str) -> None:
        self._text = text
        self._progression = None

    def done(self, text: str) -> None:
        talk().print(f"[good](✓) Done[/good] {_escaped(text)}")

    def warn(self, text: str) -> None:
        talk().print(f"[warning](!) Warning[/warning] {_escaped(text)}")

    def advance(self, done: int, total: int, text: str) -> None:
        self._text = f"{text} {done:,} of {total:,}" if total else f"{text} {done:,}"

    def moved(self, progression: Progression, resource: ResourceProgress) -> None:
        self._progression = progression
        if resource.state == "done":
            self.done(f"{resource.address} {state_of(resource, time.monotonic())}")
        elif resource.state == "failed":
            talk().print(f"[bad](x) Failed[/bad] {_escaped(resource.address)}")

    def tick(self, progression: Progression) -> None:
        """The live display draws itself."""

    def _new_live(self) -> Live:
        from rich.live import Live

        return Live(console=talk(), get_renderable=self._drawn, refresh_per_second=8, transient=True)

    def _drawn(self) -> RenderableType:
        from rich.text import Text
        from rich.tree import Tree

        now = time.monotonic()
        title = self._text
        frame = _FRAMES[int(now * 10) % len(_FRAMES)]
        progression = self._progression
        if progression is None or not progression.resources:
            return Text.assemble(frame, f" {title}")
        tree = Tree(Text(f"{title} ({_ended(progression)} of {len(progression.resources)})"))
        for one in progression.in_flight[:_SHOWN]:
            tree.add(Text.assemble(frame, f" {one.address} {state_of(one, now)}"))
        waiting = sum(one.state == "waiting" for one in progression.resources.values())
        hidden = max(0, len(progression.in_flight) - _SHOWN)
        if waiting or hidden:
            tree.add(Text(f"{waiting} waiting{f', {hidden} more going on' if hidden else ''}", style="hint"))
        return tree


def state_of(resource: ResourceProgress, now: float) -> str:
    """`creating 3:05 (usually 20:10)`, `created in 0:12`, `failed after 1:00`."""
    action = resource.action
    if resource.state == "waiting":
        return "waiting"
    if resource.state == "running":
        elapsed = spoken(now - resource.began) if resource.began is not None else ""
        usual = f" (usually {spoken(resource.usual_s)})" if resource.usual_s else ""
        return f"{_DOING.get(action, action)} {elapsed}{usual}"
    took = spoken(resource.took_s or 0.0)
    return f"failed after {took}" if resource.state == "failed" else f"{_DID.get(action, action)} in {took}"


def spoken(seconds: float) -> str:
    """Minutes and seconds, `1:05`."""
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"


def _ended(progression: Progression) -> int:
    return len(progression.done) + len(progression.failed)


def _escaped(text: str) -> str:
    from rich.markup import escape

    return escape(text)
