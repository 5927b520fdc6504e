import "server-only";

/** The door to Cosmos DB: one client per process, requests bounded by 6 s, failures with their reason. */

import { CosmosClient, type Container, type JSONValue, type SqlQuerySpec } from "@azure/cosmos";
import { DefaultAzureCredential } from "@azure/identity";

import { StoreAway } from "../errors";
import { UNRESOLVED } from "../generated/types";
import { settings, type Settings } from "../settings";
import { COSMOS_TIMEOUT_MS, CosmosDoor, statusOf } from "./cosmos-door";
import { once } from "./once";

export type Document = Record<string, unknown>;

/** A container of the one database. */
export function container(name: string): Container {
  const client = once("cosmos", () => connectCosmos(settings()));
  return client.database(settings().cosmosDatabase).container(name);
}

export function connectCosmos(chosen: Settings): CosmosClient {
  const { endpoint, key } = chosen.cosmos;
  return new CosmosClient({
    endpoint,
    ...(key
      ? { key }
      : {
          aadCredentials: new DefaultAzureCredential(
            chosen.identityClientId ? { managedIdentityClientId: chosen.identityClientId } : {},
          ),
        }),
    connectionPolicy: {
      requestTimeout: COSMOS_TIMEOUT_MS,
      // A failed request is asked again at the next poll; whoever waits now is told.
      retryOptions: { maxRetryAttemptCount: 1, fixedRetryIntervalInMilliseconds: 200, maxWaitTimeInSeconds: 2 },
      // The local endpoint has one region, and that is the one that answers.
      enableEndpointDiscovery: !endpoint.startsWith("http://"),
    },
  });
}

/** Run one request; 404, 409 and 412 are for the caller, all else is StoreAway with the reason. */
export async function cosmos<T>(work: () => Promise<T>): Promise<T> {
  return once("cosmos door", () => new CosmosDoor(() => container(UNRESOLVED).read())).run(work);
}

/** All rows of a parameterised query; `partition` keeps it in one partition. */
export async function query<T>(
  name: string,
  text: string,
  parameters: Record<string, JSONValue>,
  partition?: string,
): Promise<T[]> {
  const spec: SqlQuerySpec = {
    query: text,
    parameters: Object.entries(parameters).map(([key, value]) => ({ name: `@${key}`, value })),
  };
  const options = { maxItemCount: 500, ...(partition === undefined ? {} : { partitionKey: partition }) };
  return present(async () => (await container(name).items.query<T>(spec, options).fetchAll()).resources);
}

/** The cheapest question that only a database with its containers answers. */
export async function pingCosmos(name: string): Promise<void> {
  await present(() => container(name).read());
}

/** Where no document is named, 404 means that the container is not there. */
async function present<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await cosmos(work);
  } catch (error) {
    if (statusOf(error) !== 404) throw error;
    throw new StoreAway("cosmos", "Cosmos DB has no such database or container yet.");
  }
}
