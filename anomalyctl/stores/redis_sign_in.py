"""Redis without a key: each connection signs in with a token of Entra, and again before the token ends."""

from __future__ import annotations

from typing import Any

import redis
from azure.core.credentials import AccessToken, TokenCredential
from azure.core.exceptions import ClientAuthenticationError
from redis.credentials import CredentialProvider

from anomalyctl.errors import Transient
from anomalyctl.stores.credentials import REDIS_SCOPE, claims_of


class NoToken(redis.AuthenticationError):
    """Entra gave no token, or one that does not say whose it is. Redis was not asked."""


class NoTokenNow(redis.RedisError):
    """Entra did not answer, or not well: `reason` says so and may heal. redis-py closes for errors of its own
    alone a connection that has not signed in.
    """

    def __init__(self, reason: Transient) -> None:
        super().__init__(reason.message)
        self.reason = reason


class RedisSignIn(CredentialProvider):
    """Object id and token, as Azure's Redis wants them. The credential keeps its token and renews it."""

    def __init__(self, credential: TokenCredential) -> None:
        self._credential = credential

    def get_credentials(self) -> tuple[str, str]:
        """User name and password of a new connection. Raises as `token`."""
        return self.of(self.token())

    def token(self) -> AccessToken:
        """The token of now. Raises NoToken, or NoTokenNow for what may heal."""
        try:
            return self._credential.get_token(REDIS_SCOPE)
        except ClientAuthenticationError as error:
            raise NoToken((str(error.message).strip().splitlines() or ["no reason was given"])[0]) from error
        except Transient as error:
            raise NoTokenNow(error) from error

    @staticmethod
    def of(token: AccessToken) -> tuple[str, str]:
        """The pair that a token stands for."""
        try:
            return str(claims_of(token.token)["oid"]), token.token
        except (ValueError, KeyError) as error:
            raise NoToken("the token names no object id") from error


class SignedInPool(redis.BlockingConnectionPool):
    """A bounded pool whose connections show the newest token whenever they are taken.

    Azure cuts a connection whose token ends. redis-py's own renewal listens to unbounded pools alone, and
    needs a thread; here the credential hands out a new token five minutes before the end, and the
    connection shows it before its next command.
    """

    def __init__(self, sign_in: RedisSignIn, **options: Any) -> None:
        self._sign_in = sign_in
        base: Any = super()
        base.__init__(credential_provider=sign_in, **options)

    def get_connection(self, *arguments: Any, **options: Any) -> Any:
        """A connection that is signed in with the token of now."""
        base: Any = super()
        connection = base.get_connection(*arguments, **options)
        try:
            self._renew(connection)
        except BaseException:
            connection.disconnect()
            base.release(connection)
            raise
        return connection

    def _renew(self, connection: Any) -> None:
        token = self._sign_in.token()
        shown = getattr(connection, "shown_token", None)
        if shown is not None and shown != token.token:
            connection.send_command("AUTH", *self._sign_in.of(token), check_health=False)
            connection.read_response()
        connection.shown_token = token.token
