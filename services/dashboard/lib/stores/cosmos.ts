import "server-only";

/** The door to Cosmos DB: one client per process, requests bounded by 6 s, failures with their reason. */

import { CosmosClient, type Container, type JSONValue, type SqlQuerySpec } from "@azure/cosmos";
import { DefaultAzureCredential } from "@azure/identity";

import { StoreAway, reasonOf } from "../errors";
import { log } from "../log";
import { settings, type Settings } from "../settings";
import { once } from "./once";
import { within } from "./within";

/** With what Redis may take it stays below the patience of a display, which would blame this server instead. */
export const COSMOS_TIMEOUT_MS = 6_000;
const REST_MS = 3_000;
const SILENT = `Cosmos DB did not answer within ${COSMOS_TIMEOUT_MS / 1000} s.`;

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

/** Status of the answer when the SDK says that one came. */
export function statusOf(error: unknown): number | undefined {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === "number" ? code : undefined;
}

/** Run one request; 404, 409 and 412 are for the caller, all else is StoreAway with the reason. */
export async function cosmos<T>(work: () => Promise<T>): Promise<T> {
  const state = once("cosmos state", () => ({ down: false, restsUntil: 0 }));
  if (Date.now() < state.restsUntil) throw new StoreAway("cosmos", SILENT);
  try {
    const answer = await within(COSMOS_TIMEOUT_MS, work(), () => new StoreAway("cosmos", SILENT));
    if (state.down) log("info", "Cosmos DB is back", { part: "cosmos" });
    state.down = false;
    return answer;
  } catch (error) {
    const status = statusOf(error);
    if (status === 404 || status === 409 || status === 412) throw error;
    const away = error instanceof StoreAway ? error : new StoreAway("cosmos", reasonOfCosmos(error, status));
    // It took a question and gave no answer: whoever asks next is told at once.
    if (away.reason === SILENT) state.restsUntil = Date.now() + REST_MS;
    if (!state.down) log("warning", `Cosmos DB is away: ${away.reason}`, { part: "cosmos" });
    state.down = true;
    throw away;
  }
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

function reasonOfCosmos(error: unknown, status: number | undefined): string {
  // The SDK's own limit for one request is the same, and either may be the first to end it.
  if ((error as Error | null)?.name === "TimeoutError") return SILENT;
  if (status === 401 || status === 403) return "Cosmos DB refuses the credentials.";
  if (status === 429) return "Cosmos DB is asked too often at the moment.";
  if (status !== undefined) return `Cosmos DB answers ${status}.`;
  return `Cosmos DB cannot be reached: ${reasonOf(error)}.`.replace(/\.\.$/, ".");
}
