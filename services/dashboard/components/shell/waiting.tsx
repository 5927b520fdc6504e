"use client";

import { useLinkStatus } from "next/link";

/** Inside a link: shows that its screen is on its way, where that takes longer than people notice. */
export function Waiting() {
  const { pending } = useLinkStatus();
  return (
    pending && (
      <span className="late" aria-hidden="true">
        {" …"}
      </span>
    )
  );
}
