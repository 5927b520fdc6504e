"""What a model wrote, made safe to store and show: one line of plain text, bounded."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

LONGEST_CONTEXT: Final = 600
"""Characters; the specification's own examples have about 220."""

_LINK: Final = re.compile(r"!?\[([^\]]*)\]\((?:[^()]|\([^()]*\))*\)")
_ELEMENT: Final = re.compile(r"</?[A-Za-z!][^>]*>")
_MARKUP: Final = re.compile(r"[*`#|~]+|(?<!\w)_+|_+(?!\w)|^\s*(?:[-•>]|\d+\.)\s+", re.MULTILINE)
"""Underscores within a word stay: tags have them."""
_SPACE: Final = re.compile(r"\s+")


def plain_sentence(text: str, *, longest: int = LONGEST_CONTEXT) -> str:
    """Without markdown, markup, control characters and line breaks, cut at a sentence or word.

    >>> plain_sentence("**Low flow**:\\n- check the [valve](http://x)")
    'Low flow: check the valve'
    """
    text = _MARKUP.sub(" ", _ELEMENT.sub(" ", _LINK.sub(r"\1", text)))
    text = "".join(each if _is_visible(each) else " " for each in text)
    text = _SPACE.sub(" ", text).strip().replace(" :", ":").replace(" .", ".").replace(" ,", ",")
    if len(text) <= longest:
        return text
    cut = text[: longest - 1]
    sentence = cut.rfind(". ")
    return cut[: sentence + 1] if sentence > longest // 2 else cut.rsplit(" ", 1)[0] + "…"


def _is_visible(character: str) -> bool:
    # Cc and Cf: control and format characters, among them those that reverse the direction of text.
    return unicodedata.category(character) not in ("Cc", "Cf", "Co", "Cs", "Cn", "Zl", "Zp")
