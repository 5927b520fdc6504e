"""The part of Kusto's query language that the kept queries use: read, held against the tables, and run."""

from tests.support.kql.operators import Answer
from tests.support.kql.refusing import Refused
from tests.support.kql.running import Workspace

__all__ = ["Answer", "Refused", "Workspace"]
