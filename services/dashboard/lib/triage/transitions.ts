/** The table that actions obey, as Python has it. */

import type { Action, State } from "../generated/types";
import type { ActionName } from "../types";
import table from "../generated/transitions.json";

/** The state after it; null when the table does not have the move. */
export function stateAfter(action: Action, state: State): State | null {
  const move = table.find((each) => each.action === action && each.before === state);
  return move ? (move.after as State) : null;
}

/** What an operator may do with an episode in this state. */
export function allowed(state: State): ActionName[] {
  return table
    .filter((each) => each.before === state && each.actor === "operator")
    .map((each) => each.action as ActionName);
}
