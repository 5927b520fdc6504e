"""The one comment of a pull request: found again, written anew, never too long, also where a plan failed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

SCRIPT = Path(__file__).parents[2] / ".github" / "plan_comment.py"
MARK = "<!-- anomalyctl plan -->"


class PullRequest:
    """The comments of pull request 7, as GitHub serves them."""

    def __init__(self) -> None:
        self.comments: list[dict[str, Any]] = []
        self.refuses = 0
        handler = _handler(self)
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        self.address = f"http://127.0.0.1:{self._server.server_address[1]}"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def add(self, body: str, kind: str) -> None:
        number = len(self.comments) + 1
        self.comments.append(
            {"id": number, "body": body, "user": {"type": kind}, "html_url": f"https://x/{number}"}
        )


def _handler(pull: PullRequest) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            page = int(self.path.rpartition("page=")[2])
            self._answer(200, pull.comments[(page - 1) * 100 : page * 100])

        def do_POST(self) -> None:
            assert self.path == "/repos/site/wells/issues/7/comments"
            pull.add(self._body(), "Bot")
            self._answer(201, pull.comments[-1])

        def do_PATCH(self) -> None:
            found = pull.comments[int(self.path.rpartition("/")[2]) - 1]
            found["body"] = self._body()
            self._answer(200, found)

        def _body(self) -> str:
            assert self.headers["Authorization"] == "Bearer of-the-job"
            return str(json.loads(self.rfile.read(int(self.headers["Content-Length"])))["body"])

        def _answer(self, status: int, document: object) -> None:
            text = json.dumps({"message": "no"} if pull.refuses else document).encode()
            self.send_response(pull.refuses or status)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, *_: object) -> None:
            pass

    return Handler


@pytest.fixture
def pull() -> Iterator[PullRequest]:
    made = PullRequest()
    yield made
    made.close()


def run(folder: Path, pull: PullRequest | None = None, **more: str) -> subprocess.CompletedProcess[str]:
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("GITHUB_", "GH_"))}
    told = {
        "GH_TOKEN": "of-the-job",
        "GITHUB_REPOSITORY": "site/wells",
        "PULL_REQUEST": "7",
        "COMMIT": "0123456789abcdef",
    }
    if pull:
        kept |= told | {"GITHUB_API_URL": pull.address, "NO_PROXY": "*"}
    return subprocess.run(
        [sys.executable, str(SCRIPT)],
        cwd=folder,
        env=kept | more,
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )


def test_by_hand_it_prints_the_reviews_in_order_and_names_what_could_not_be_planned(tmp_path: Path):
    (tmp_path / "review-prod.md").write_text("### Plan for `prod`\n\nNothing to change.\n")
    (tmp_path / "review-dev.md").write_text("### Plan for `dev`\n\n**1 to create**\n")
    done = run(tmp_path)
    assert done.returncode == 0
    assert done.stdout.startswith(MARK)
    order = [done.stdout.index(f"### Plan for `{name}`") for name in ("dev", "stage", "prod")]
    assert order == sorted(order)
    assert "`stage`\n\n**Not planned.**" in done.stdout


def test_the_second_time_the_same_comment_is_written_anew_and_nobody_elses(tmp_path: Path, pull: PullRequest):
    for number in range(120):
        pull.add(f"looks good {number}", "User")
    pull.add(f"{MARK} by somebody who knows the mark", "User")
    pull.add("a report of another workflow", "Bot")
    (tmp_path / "review-dev.md").write_text("first\n")
    assert run(tmp_path, pull).returncode == 0
    (tmp_path / "review-dev.md").write_text("second\n")
    done = run(tmp_path, pull)
    assert done.stdout.strip() == "https://x/123"
    assert len(pull.comments) == 123
    assert "second" in pull.comments[-1]["body"]
    assert "first" not in pull.comments[-1]["body"]
    assert "For commit 0123456789ab" in pull.comments[-1]["body"]
    assert pull.comments[120]["body"].endswith("knows the mark")
    assert pull.comments[121]["body"] == "a report of another workflow"


def test_three_long_reviews_fit_into_one_comment_and_a_short_one_stays_whole(
    tmp_path: Path, pull: PullRequest
):
    long = "### Plan\n\n<details><summary>SAFE</summary>\n\n" + "- `+ azurerm_subnet.a` create\n" * 2_000
    (tmp_path / "review-dev.md").write_text(long + "</details>\n")
    (tmp_path / "review-stage.md").write_text("short\n")
    (tmp_path / "review-prod.md").write_text(long + "</details>\n")
    assert run(tmp_path, pull).returncode == 0
    body = pull.comments[0]["body"]
    assert 60_000 < len(body) <= 65_536
    assert body.count("<details>") == body.count("</details>") == 2
    assert body.count("The rest did not fit") == 2
    assert "\nshort\n" in body


def test_a_refusal_is_one_line_and_exit_code_1(tmp_path: Path, pull: PullRequest):
    pull.refuses = 403
    done = run(tmp_path, pull)
    assert done.returncode == 1
    assert done.stderr.startswith("GitHub refused the comment: 403")
    assert "Traceback" not in done.stderr
    assert "of-the-job" not in done.stdout + done.stderr
    missing = run(tmp_path, GH_TOKEN="x", GITHUB_API_URL=pull.address)
    assert (missing.returncode, missing.stderr) == (1, "GITHUB_REPOSITORY is not set.\n")
