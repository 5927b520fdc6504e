"""An Azure environment, signed in to: its cloud, its credential, its subscription."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from azure.core.credentials import TokenCredential

from anomalyctl.azure.backend import StateAccount, state_account
from anomalyctl.azure.cloud import Cloud, cloud_from
from anomalyctl.azure.resource_manager import ResourceManager
from anomalyctl.azure.sign_in import Principal, SignIn, principal_of, sign_in
from anomalyctl.azure.state_blobs import StateBlobs
from anomalyctl.azure.subscription import Subscription, subscription_for
from anomalyctl.environments import Environment
from anomalyctl.errors import PreconditionFailed, SignInFailed
from anomalyctl.resilience.policies import RESOURCE_MANAGER, STATE_BLOBS, Policy

SUBSCRIPTIONS_API = "2022-12-01"


@dataclass(frozen=True, slots=True)
class Session:
    """What operations on an Azure environment stand on; use it with `with`. Making one asks Azure nothing."""

    environment: Environment
    cloud: Cloud
    signed_in: SignIn
    subscription: Subscription
    account: StateAccount
    sleep: Callable[[float], None]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        close = getattr(self.credential, "close", None)
        if close:
            close()

    @property
    def credential(self) -> TokenCredential:
        """What tokens come from."""
        return self.signed_in.credential

    def principal(self) -> Principal:
        """Who is signed in. Raises SignInFailed, also for a token of another tenant than is named."""
        principal = principal_of(self.credential, self.cloud)
        wanted = self.environment.tenant_id
        if wanted and principal.tenant_id.lower() != wanted:
            raise SignInFailed(
                f"{principal.name} is signed in to tenant {principal.tenant_id}, and {self.environment.name} "
                f"belongs to tenant {wanted}.",
                hint=f"az login --tenant {wanted}",
            )
        return principal

    def resource_manager(
        self, policy: Policy = RESOURCE_MANAGER, *, correlation_id: str = ""
    ) -> ResourceManager:
        """A client of Resource Manager."""
        return ResourceManager(
            self.cloud,
            self.credential,
            self.subscription.id,
            policy=policy,
            sleep=self.sleep,
            correlation_id=correlation_id,
        )

    def state_blobs(self, policy: Policy = STATE_BLOBS) -> StateBlobs:
        """A client of the state's blobs."""
        return StateBlobs(self.cloud, self.credential, self.account, policy=policy, sleep=self.sleep)


def open_session(
    environment: Environment,
    environ: Mapping[str, str] | None = None,
    *,
    sleep: Callable[[float], None] = time.sleep,
) -> Session:
    """Read who and where from the environment and the variables; no network.

    Raises PreconditionFailed for `local`, for an unknown or another subscription; SignInFailed for variables
    that are not complete.
    """
    environ = os.environ if environ is None else environ
    if environment.is_local:
        raise PreconditionFailed(
            f"{environment.name} is this machine and has nothing on Azure.",
            hint="Name an Azure environment, such as --env dev.",
        )
    cloud = cloud_from(environ)
    subscription = subscription_for(environment, environ)
    return Session(
        environment=environment,
        cloud=cloud,
        signed_in=sign_in(environ, cloud, tenant_id=environment.tenant_id),
        subscription=subscription,
        account=state_account(environment, environ),
        sleep=sleep,
    )


def require_subscription(manager: ResourceManager, subscription: Subscription, principal: Principal) -> str:
    """The subscription's display name. Raises PreconditionFailed where it is unseen or cannot be used."""
    from anomalyctl.azure.failures import AzureRefused, NotAllowed

    where = f"subscription {subscription.id} (from {subscription.origin})"
    try:
        found = manager.get(f"/subscriptions/{subscription.id}", SUBSCRIPTIONS_API)
    except (AzureRefused, NotAllowed):
        found = None
    if found is None:
        raise PreconditionFailed(
            f"{principal.name} sees no {where}.",
            hint="Sign in to its tenant (az login --tenant …), or correct the subscription's id.",
        )
    if found.get("state") not in {"Enabled", "Warned", "PastDue"}:
        raise PreconditionFailed(
            f"The {where} is {found.get('state')}.", hint="Ask its owner to enable it again."
        )
    return str(found.get("displayName", ""))
