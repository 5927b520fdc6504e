import "server-only";

/** Key-less sign-in to Redis: Entra's tokens, renewed before they end on the connections that are open. */

import { DefaultAzureCredential } from "@azure/identity";
import type { CredentialsProvider } from "@redis/client/dist/lib/authx";
import { EntraIdCredentialsProviderFactory, REDIS_SCOPE_DEFAULT } from "@redis/entraid";

import { reasonOf } from "../errors";
import { log } from "../log";

export function redisSignIn(identityClientId: string): CredentialsProvider {
  return EntraIdCredentialsProviderFactory.createForDefaultAzureCredential({
    credential: new DefaultAzureCredential(identityClientId ? { managedIdentityClientId: identityClientId } : {}),
    scopes: REDIS_SCOPE_DEFAULT,
    tokenManagerConfig: {
      expirationRefreshRatio: 0.8,
      retry: { maxAttempts: 5, initialDelayMs: 200, maxDelayMs: 5_000, backoffMultiplier: 2, jitterPercentage: 10 },
    },
    onReAuthenticationError: (error) => log("warning", `Redis: signing in anew failed: ${reasonOf(error)}`),
    onRetryableError: (error) => log("warning", `Redis: no token yet: ${error.split("\n", 1)[0]}`),
  });
}
