"""Opening an address in the browser of whoever sits at this machine."""

from __future__ import annotations

import os
import sys
import webbrowser
from collections.abc import Callable, Mapping
from dataclasses import replace

from anomalyctl.operations.dashboard.finding import Dashboard


def open_in_browser(
    found: Dashboard,
    *,
    environ: Mapping[str, str] = os.environ,
    browse: Callable[[str], bool] = webbrowser.open,
) -> Dashboard:
    """Tell the browser to open it where there is a display; the answer says whether that was done."""
    if not has_display(environ):
        return found
    return replace(found, opened=browse(found.address))


def has_display(environ: Mapping[str, str], platform: str = sys.platform) -> bool:
    """Whether a window can appear: a text browser would take the terminal away from its user."""
    if platform in ("darwin", "win32"):
        return not environ.get("SSH_CONNECTION")
    return any(environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "WSL_DISTRO_NAME"))
