"""Text made safe inside of Markdown."""

from __future__ import annotations

import re
from typing import Final

_SPECIAL: Final = re.compile(r"([\\`*_{}\[\]()#+!|<>~@&-])")


def code(text: str) -> str:
    """Text inside a code span: nothing in it ends the span, a table's cell or the line."""
    return " ".join(text.replace("`", "'").replace("|", "¦").split()) or " "


def plain(text: str) -> str:
    """Text outside of a code span, nothing of it markup."""
    return _SPECIAL.sub(r"\\\1", " ".join(text.split()))
