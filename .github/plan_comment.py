"""The reviews of a pull request's plans as one comment, updated in place: `make plan-comment`.

It reads `review-<environment>.md` of this folder. Without GH_TOKEN it prints the comment; with it,
GITHUB_REPOSITORY and PULL_REQUEST say where it goes. Nothing but Python is needed.
"""

from __future__ import annotations

import itertools
import json
import os
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

ENVIRONMENTS = ("dev", "stage", "prod")
MARK = "<!-- anomalyctl plan -->"
"""The comment's first line, by which it is found again."""
MOST_CHARACTERS = 65_000
"""GitHub refuses a comment of more than 65,536."""
_CUT = "\n\nThe rest did not fit: run `anomalyctl plan` for all of it.\n"


def comment(folder: Path, environ: Mapping[str, str]) -> str:
    """The reviews one after the other, each cut where all of them together are too long."""
    reviews = [_review(folder / f"review-{name}.md", name) for name in ENVIRONMENTS]
    head, foot = f"{MARK}\n", f"\n{_origin(environ)}\n"
    room = MOST_CHARACTERS - len(head) - len(foot)
    shown: dict[int, str] = {}
    # The short ones first: what they leave of their share is the longer ones'.
    for left, place in enumerate(sorted(range(len(reviews)), key=lambda one: len(reviews[one]))):
        shown[place] = _bounded(reviews[place], room // (len(reviews) - left))
        room -= len(shown[place])
    return head + "".join(shown[place] for place in range(len(reviews))) + foot


def post(body: str, environ: Mapping[str, str]) -> str:
    """Write the comment, or write it anew; its address. Raises urllib's errors and KeyError."""
    api = environ.get("GITHUB_API_URL", "https://api.github.com")
    issues = f"{api}/repos/{environ['GITHUB_REPOSITORY']}/issues"
    comments = f"{issues}/{int(environ['PULL_REQUEST'])}/comments"
    for one in _all(comments, environ):
        # The mark can be written by anybody: only a bot's comment is ours.
        if one["body"].startswith(MARK) and one["user"]["type"] == "Bot":
            return str(_ask("PATCH", f"{issues}/comments/{one['id']}", environ, {"body": body})["html_url"])
    return str(_ask("POST", comments, environ, {"body": body})["html_url"])


def _review(file: Path, name: str) -> str:
    try:
        return file.read_text(encoding="utf-8").rstrip() + "\n\n"
    except FileNotFoundError:
        return f"### Plan for `{name}`\n\n**Not planned.** The job's log says why.\n\n"


def _origin(environ: Mapping[str, str]) -> str:
    commit = environ.get("COMMIT", "")[:12]
    server, run = environ.get("GITHUB_SERVER_URL", "https://github.com"), environ.get("GITHUB_RUN_ID")
    log = f", [log]({server}/{environ.get('GITHUB_REPOSITORY')}/actions/runs/{run})" if run else ""
    return f"<sub>For commit {commit or 'of this folder'}{log}</sub>"


def _bounded(text: str, most: int) -> str:
    if len(text) <= most:
        return text
    close = "\n\n</details>"
    kept = text[: most - len(_CUT) - len(close)].rpartition("\n")[0]
    return kept + close * (kept.count("<details>") - kept.count("</details>")) + _CUT


def _all(comments: str, environ: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    for page in itertools.count(1):
        found = _ask("GET", f"{comments}?per_page=100&page={page}", environ)
        yield from found
        if len(found) < 100:
            return


def _ask(method: str, address: str, environ: Mapping[str, str], body: object = None) -> Any:
    request = urllib.request.Request(  # noqa: S310 - the address is GitHub's own
        address,
        method=method,
        data=None if body is None else json.dumps(body).encode(),
        headers={
            "Accept": "application/vnd.github+json",
            "Authorization": f"Bearer {environ['GH_TOKEN']}",
            "Content-Type": "application/json",
            "X-GitHub-Api-Version": "2022-11-28",
        },
    )
    with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
        return json.load(answer)


def main(environ: Mapping[str, str]) -> int:
    """Print or post; the exit code."""
    body = comment(Path(), environ)
    if not environ.get("GH_TOKEN"):
        sys.stdout.write(body)
        return 0
    try:
        sys.stdout.write(post(body, environ) + "\n")
        return 0
    except urllib.error.HTTPError as error:
        why = f"GitHub refused the comment: {error.code} {error.read(300).decode(errors='replace')}"
    except (OSError, ValueError) as error:
        why = f"The comment could not be written: {error}"
    except KeyError as error:
        why = f"{error.args[0]} is not set."
    sys.stderr.write(why + "\n")
    return 1


if __name__ == "__main__":
    sys.exit(main(os.environ))
