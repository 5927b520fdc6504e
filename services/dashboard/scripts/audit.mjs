/** `npm audit` of what is shipped; where the registry has no such service it says so, and that is no finding. */

import { spawnSync } from "node:child_process";

const told = spawnSync("npm", ["audit", "--audit=true", "--omit=dev", "--audit-level=high", "--json"], {
  encoding: "utf8",
  shell: process.platform === "win32",
});
const report = parsed(told.stdout ?? "");
const found = report?.metadata?.vulnerabilities;
if (!found) {
  const why = report?.message ?? report?.error?.summary ?? (told.stderr || "no answer").trim().split("\n").at(-1);
  console.log(`npm audit could not be asked: ${why}`);
  console.log("Nothing is known about the packages' vulnerabilities. Run it where the registry answers audits.");
  process.exit(0);
}
for (const [name, each] of Object.entries(report.vulnerabilities ?? {})) {
  console.log(`${each.severity}: ${name} ${each.range}`);
}
console.log(`${found.total} known vulnerabilities: ${found.critical} critical, ${found.high} high.`);
process.exit(found.critical + found.high > 0 ? 1 : 0);

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
