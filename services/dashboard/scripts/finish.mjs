/**
 * After `next build`: makes .next/standalone whole. What the browser loads is copied beside it, and `server.js`
 * becomes a start that writes JSON lines before Next.js prints anything. Where it was built, Next.js notes and a server
 * never looks: that is taken out.
 */
import { cpSync, existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import typescript from "typescript";

const standalone = ".next/standalone";

cpSync(".next/static", `${standalone}/.next/static`, { recursive: true });
if (existsSync("public")) cpSync("public", `${standalone}/public`, { recursive: true });

const { ESNext: module } = typescript.ModuleKind;
const { ES2022: target } = typescript.ScriptTarget;
const { outputText } = typescript.transpileModule(readFileSync("lib/log.ts", "utf8"), { compilerOptions: { module, target } });
writeFileSync(`${standalone}/log.js`, outputText);
for (const name of ["server.js", ".next/required-server-files.json"]) {
  const file = `${standalone}/${name}`;
  writeFileSync(file, readFileSync(file, "utf8").replaceAll(JSON.stringify(process.cwd()), JSON.stringify(".")));
}
renameSync(`${standalone}/server.js`, `${standalone}/next-server.js`);
writeFileSync(
  `${standalone}/server.js`,
  'import { logConsole } from "./log.js";\n\nlogConsole();\nawait import("./next-server.js");\n',
);
