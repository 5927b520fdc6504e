"use client";

import type { Acting } from "./use-action";

/** Why an action was refused. A lost race says who won and offers the episode as it is now; what was typed stays. */
export function Outcome({ acting, onReload }: { acting: Acting; onReload: () => Promise<void> }) {
  const { refusal } = acting;
  if (!refusal) return null;
  return (
        <div className="notice stack" data-kind={refusal.code === "conflict" ? "warning" : "failure"} role="alert">
          <p>
            <strong>{refusal.message}</strong> {refusal.hint}
          </p>
          {refusal.code === "conflict" && (
            <p className="row">
              <button
                type="button"
                onClick={() => {
                  void onReload().then(acting.forget);
                }}
              >
                Load it as it is now
              </button>
              <span className="muted">What you typed is kept.</span>
            </p>
          )}
        </div>
  );
}
