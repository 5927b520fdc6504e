"""One question to Azure OpenAI: structured answer, bounded time, errors in our words."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

import openai
from pydantic import BaseModel, ValidationError

from anomalyctl.errors import AnomalyctlError, SignInFailed, TimedOut, Transient, Unreachable
from anomalyctl.language.prompt import INSTRUCTIONS, Prompt, model_for
from anomalyctl.language.settings import LanguageSettings
from anomalyctl.resilience.guard import Guard, rate_limited
from anomalyctl.resilience.policies import LANGUAGE, Policy
from anomalyctl.resilience.settings import in_force

ShapeT = TypeVar("ShapeT", bound=BaseModel)

SCOPE: Final = "https://cognitiveservices.azure.com/.default"
_TOKENS_A_TAG: Final = 160
_TOKENS_BESIDE: Final = 100


@dataclass(frozen=True, slots=True)
class Answer:
    """Contexts by tag, as the model wrote them, and what they cost."""

    contexts: Mapping[str, str]
    prompt_tokens: int
    completion_tokens: int


@dataclass(frozen=True, slots=True)
class Parsed(Generic[ShapeT]):
    """An answer in the shape that was asked for, and what it cost."""

    parsed: ShapeT
    prompt_tokens: int
    completion_tokens: int


class Unusable(AnomalyctlError):
    """The model declined, was cut off or filtered, or did not keep to the shape."""

    code = "unusable_answer"


class LanguageClient:
    """Thread-safe; one per process. The SDK's own retries are off."""

    def __init__(
        self,
        settings: LanguageSettings,
        *,
        policy: Policy | None = None,
        guard: Guard | None = None,
        token: Callable[[], str] | None = None,
        verify: ssl.SSLContext | bool = True,
    ) -> None:
        """`token` signs in where the settings have no key, instead of this machine's own identity."""
        self._deployment = settings.deployment
        policy = policy or in_force(LANGUAGE)
        self.guard = guard or Guard(policy)
        self._client = openai.OpenAI(
            base_url=f"{settings.endpoint}/openai/v1/",
            api_key=settings.api_key or token or _token_provider(),
            timeout=policy.timeout_s,
            max_retries=0,
            http_client=None if verify is True else openai.DefaultHttpxClient(verify=verify),
        )

    def ask(self, prompt: Prompt) -> Answer:
        """The model's contexts. Raises TimedOut, Unreachable, Transient, SignInFailed or `Unusable`."""
        answer = self.parse(
            INSTRUCTIONS,
            prompt.data,
            model_for(tuple(prompt.tags)),
            most_tokens=_TOKENS_BESIDE + _TOKENS_A_TAG * len(prompt.tags),
        )
        contexts = answer.parsed.model_dump()["contexts"]
        return Answer(
            contexts={prompt.tags[each["item"]]: each["context"] for each in contexts},
            prompt_tokens=answer.prompt_tokens,
            completion_tokens=answer.completion_tokens,
        )

    def parse(self, instructions: str, data: str, shape: type[ShapeT], *, most_tokens: int) -> Parsed[ShapeT]:
        """The model's answer to `data` under `instructions`, in that shape. Raises as `ask` does."""
        return self.guard.call(lambda: self._parse(instructions, data, shape, most_tokens))

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def _parse(self, instructions: str, data: str, shape: type[ShapeT], most_tokens: int) -> Parsed[ShapeT]:
        try:
            completion = self._client.chat.completions.parse(
                model=self._deployment,
                messages=[
                    {"role": "system", "content": instructions},
                    {"role": "user", "content": data},
                ],
                response_format=shape,
                max_completion_tokens=most_tokens,
            )
        except openai.OpenAIError as error:
            raise _in_our_words(error) from error
        except ValidationError as error:
            raise Unusable("The language model did not keep to the shape of an answer.") from error
        parsed = completion.choices[0].message.parsed
        if parsed is None:
            raise Unusable("The language model declined to answer.")
        usage = completion.usage
        return Parsed(parsed, usage.prompt_tokens if usage else 0, usage.completion_tokens if usage else 0)


def _in_our_words(error: openai.OpenAIError) -> AnomalyctlError:
    if isinstance(error, openai.APITimeoutError):
        return TimedOut("The language model did not answer in time.")
    if isinstance(error, openai.APIConnectionError):
        return Unreachable("The language model cannot be reached.")
    if isinstance(error, openai.RateLimitError):
        return rate_limited("The language model is asked too often.", retry_after_s=_retry_after_s(error))
    if isinstance(error, openai.AuthenticationError | openai.PermissionDeniedError):
        return SignInFailed(
            "The language model does not accept the key or identity.",
            hint="Check AZURE_OPENAI_API_KEY, or the role Cognitive Services OpenAI User.",
        )
    if isinstance(error, openai.APIStatusError) and (error.status_code >= 500 or error.status_code == 408):
        return Transient(f"The language model answered {error.status_code}.")
    if isinstance(error, openai.APIStatusError):
        return Unusable(f"The language model refused the question with {error.status_code}.")
    return Unusable(f"The language model's answer cannot be used ({type(error).__name__}).")


def _retry_after_s(error: openai.RateLimitError) -> float:
    headers = error.response.headers
    try:
        if "retry-after-ms" in headers:
            return float(headers["retry-after-ms"]) / 1000
        return float(headers.get("retry-after", 0))
    except ValueError:
        return 0.0


def _token_provider() -> Callable[[], str]:
    from azure.core.exceptions import AzureError
    from azure.identity import DefaultAzureCredential, get_bearer_token_provider

    from anomalyctl.resilience.token_requests import OneTry

    provider = get_bearer_token_provider(OneTry(DefaultAzureCredential), SCOPE)

    def token() -> str:
        try:
            return provider()
        except AzureError as error:
            raise SignInFailed(
                "There is no token of Entra for the language model.",
                hint="Sign in: az login, or set AZURE_OPENAI_API_KEY.",
            ) from error

    return token
