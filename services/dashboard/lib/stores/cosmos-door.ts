/** How long Cosmos DB is waited for, what its failures are called, and what happens while it is silent. */

import { StoreAway, reasonOf } from "../errors";
import { log, sayingNothing } from "../log";
import { within } from "./within";

/** With what Redis may take it stays below the patience of a display, which would blame this server instead. */
export const COSMOS_TIMEOUT_MS = 6_000;

/**
 * Once it took a question and gave no answer, whoever asks is told so at once, while one cheap question of our own
 * waits for the answer: with that it is back, and not a moment later.
 */
export class CosmosDoor {
  private isDown = false;
  private isSilent = false;

  constructor(
    private readonly ping: () => Promise<unknown>,
    private readonly patienceMs = COSMOS_TIMEOUT_MS,
  ) {}

  /** 404, 409 and 412 are for the caller, all else is StoreAway with the reason. */
  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.isSilent) throw new StoreAway("cosmos", this.silence);
    try {
      return await this.asked(work);
    } catch (error) {
      if (isAnswer(error)) throw error;
      const away = this.awayBy(error);
      if (!this.isDown) log("warning", `Cosmos DB is away: ${away.reason}`, { part: "cosmos" });
      this.isDown = true;
      if (away.reason === this.silence) void sayingNothing(() => this.listen());
      throw away;
    }
  }

  private async asked<T>(work: () => Promise<T>): Promise<T> {
    const answer = await within(this.patienceMs, work(), () => new StoreAway("cosmos", this.silence));
    if (this.isDown) log("info", "Cosmos DB is back", { part: "cosmos" });
    this.isDown = false;
    return answer;
  }

  /** Until it answers, be it with a refusal, or fails in a way that nobody has to wait for. */
  private async listen(): Promise<void> {
    if (this.isSilent) return;
    this.isSilent = true;
    while (this.isSilent) {
      const began = Date.now();
      try {
        await this.asked(this.ping);
        this.isSilent = false;
      } catch (error) {
        const waited = Date.now() - began >= this.patienceMs / 2;
        this.isSilent = waited && !isAnswer(error) && this.awayBy(error).reason === this.silence;
      }
    }
  }

  private awayBy(error: unknown): StoreAway {
    if (error instanceof StoreAway) return error;
    // The SDK's own limit for one request is the same, and either may be the first to end it.
    if ((error as Error | null)?.name === "TimeoutError") return new StoreAway("cosmos", this.silence);
    return new StoreAway("cosmos", reasonOfCosmos(error, statusOf(error)));
  }

  private get silence(): string {
    return `Cosmos DB did not answer within ${this.patienceMs / 1000} s.`;
  }
}

/** Status of the answer when the SDK says that one came. */
export function statusOf(error: unknown): number | undefined {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === "number" ? code : undefined;
}

function isAnswer(error: unknown): boolean {
  return [404, 409, 412].includes(statusOf(error) ?? 0);
}

function reasonOfCosmos(error: unknown, status: number | undefined): string {
  if (status === 401 || status === 403) return "Cosmos DB refuses the credentials.";
  if (status === 429) return "Cosmos DB is asked too often at the moment.";
  if (status !== undefined) return `Cosmos DB answers ${status}.`;
  return `Cosmos DB cannot be reached: ${reasonOf(error)}.`.replace(/\.\.$/, ".");
}
