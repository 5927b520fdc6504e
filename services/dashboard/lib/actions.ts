"use server";

/** What operators do with an episode. Anybody can post to a server action, so each checks who asks and from where. */

import { headers } from "next/headers";

import { act, refusalOf } from "./episodes/acting";
import { DashboardError } from "./errors";
import { log } from "./log";
import { operatorOf } from "./operator";
import { isFromOurPage } from "./origin";
import { traced } from "./trace";
import type { ActionName, ActionResult, AssignRequest, ModifyRequest, ReopenRequest, ResolveRequest } from "./types";

export async function assign(request: AssignRequest): Promise<ActionResult> {
  return checked("assign", request);
}

export async function resolve(request: ResolveRequest): Promise<ActionResult> {
  return checked("resolve", request);
}

export async function reopen(request: ReopenRequest): Promise<ActionResult> {
  return checked("reopen", request);
}

export async function modify(request: ModifyRequest): Promise<ActionResult> {
  return checked("modify", request);
}

async function checked(action: ActionName, request: unknown): Promise<ActionResult> {
  const sent = await headers();
  return traced(sent, { action }, async () => {
    if (isFromOurPage(sent)) return act(action, request, operatorOf(sent));
    log("warning", `${action} refused: it was not sent by a page of this dashboard`);
    return refusalOf(new DashboardError("refused", "This did not come from the dashboard.", "Act on its own page."));
  });
}
