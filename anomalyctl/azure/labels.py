"""Labels that we give to revisions of a container app."""

from __future__ import annotations

from typing import Final

BEFORE: Final = "before"
"""The label that the old revision carries until a rollout of ours is ended: whoever looks at the app, from
whatever machine, sees that there is one, and what it would go back to.
"""
