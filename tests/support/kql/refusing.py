"""How Log Analytics refuses a query that it cannot understand."""

from __future__ import annotations

from typing import Any


class Refused(Exception):
    """`code` is SYN… for what is no query, SEM… for what names no table, column or function."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code, self.message = code, message

    def document(self) -> dict[str, Any]:
        """The body of the answer 400."""
        kind = "SyntaxError" if self.code.startswith("SYN") else "SemanticError"
        said = "A syntax error occurred." if kind == "SyntaxError" else "A semantic error occurred."
        inner = {"code": self.code, "message": self.message}
        return {
            "error": {
                "code": "BadArgumentError",
                "message": "The request had some invalid properties",
                "innererror": {"code": kind, "message": said, "innererror": inner},
            }
        }


def no_table(name: str, operator: str) -> Refused:
    """A table that was never written to does not exist."""
    return Refused(
        "SEM0100", f"'{operator}' operator: Failed to resolve table or column expression named '{name}'"
    )


def no_column(name: str, operator: str) -> Refused:
    """A column that no row ever had does not exist."""
    return Refused("SEM0100", f"'{operator}' operator: Failed to resolve scalar expression named '{name}'")
