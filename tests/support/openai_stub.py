"""A small server that speaks the part of the Azure OpenAI API that we use, and refuses the rest."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import anyio
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

KEY = "stub-key"
DEPLOYMENT = "gpt-4o-mini"

Alarm = dict[str, Any]


def plain_answer(alarms: list[Alarm]) -> dict[str, str]:
    """What the model says unless a test says otherwise: a sentence for each item."""
    return {alarm["item"]: f"The model explains {alarm['name']}." for alarm in alarms}


@dataclass
class OpenAiStub:
    """The server: what it was asked, and what it shall answer."""

    endpoint: str = ""
    prompts: list[list[Alarm]] = field(default_factory=list)
    answer: Callable[[list[Alarm]], dict[str, str]] = plain_answer
    failure: Response | None = None
    """Answered instead."""
    content: str | None = None
    """The message's text, instead of a well-formed one."""
    finish_reason: str = "stop"
    refusal: str | None = None
    hang: bool = False
    """Accept the question and never answer it."""
    released: threading.Event = field(default_factory=threading.Event)

    async def complete(self, request: Request) -> Response:
        """POST …/chat/completions."""
        if request.headers.get("authorization") != f"Bearer {KEY}":
            return _error(401, "wrong key")
        body = await request.json()
        alarms = _alarms(body)
        if isinstance(alarms, str):
            return _error(400, alarms)
        if body["model"] != DEPLOYMENT:
            return _error(404, f"no deployment {body['model']}")
        self.prompts.append(alarms)
        if self.hang:
            while not self.released.is_set():
                await anyio.sleep(0.01)
        if self.failure is not None:
            return self.failure
        contexts = [{"item": item, "context": text} for item, text in self.answer(alarms).items()]
        content = json.dumps({"contexts": contexts}) if self.content is None else self.content
        return JSONResponse(_completion(content, self.finish_reason, self.refusal))


@contextmanager
def running_openai_stub() -> Iterator[OpenAiStub]:
    """The stub on a free port of loopback."""
    stub = OpenAiStub()
    app = Starlette(routes=[Route("/openai/v1/chat/completions", stub.complete, methods=["POST"])])
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    stub.endpoint = f"http://127.0.0.1:{listener.getsockname()[1]}"
    server = uvicorn.Server(uvicorn.Config(app, log_level="error", lifespan="off", ws="none"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    try:
        # The socket listens from here on; a question that comes before the server runs just waits.
        listener.listen()
        yield stub
    finally:
        stub.released.set()
        server.should_exit = True
        thread.join(10)
        listener.close()


def _alarms(body: dict[str, Any]) -> list[Alarm] | str:
    """The alarms of a well-formed question (none in one for a summary), or what is wrong with it."""
    expected = {"model", "messages", "response_format", "max_completion_tokens"}
    if set(body) - {"stream"} != expected:
        return f"unexpected fields {sorted(set(body) ^ expected)}"
    if [message["role"] for message in body["messages"]] != ["system", "user"]:
        return "one system and one user message, please"
    schema = body["response_format"]["json_schema"]
    if schema["name"] == "Summary":
        return [] if schema["strict"] else "the answer's schema is not strict"
    alarms: list[Alarm] = json.loads(body["messages"][1]["content"])["alarms"]
    allowed = json.dumps(schema["schema"])
    if not schema["strict"] or any(f'"{alarm["item"]}"' not in allowed for alarm in alarms):
        return "the answer's schema does not restrict the items"
    return alarms


def _completion(content: str, finish_reason: str, refusal: str | None) -> dict[str, Any]:
    message = {"role": "assistant", "content": None if refusal else content, "refusal": refusal}
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1,
        "model": DEPLOYMENT,
        "choices": [{"index": 0, "message": message, "finish_reason": finish_reason, "logprobs": None}],
        "usage": {"prompt_tokens": 100, "completion_tokens": 50, "total_tokens": 150},
    }


def _error(status: int, message: str) -> JSONResponse:
    return JSONResponse({"error": {"message": message, "code": str(status)}}, status_code=status)
