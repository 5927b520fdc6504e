/**
 * Prints how much script the first screen needs, and how soon a server's answer and all of that are there.
 *
 *   npm run size -- http://127.0.0.1:<port>     a dashboard that runs
 *   npm run size                                the build in .next/standalone, with no store to ask
 *
 * "Transferred" is what the server sends with gzip; 200 kB of it are the most that is allowed (exit 1 beyond).
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { gunzipSync } from "node:zlib";
import { get } from "node:http";

const MOST = 200_000;

const given = process.argv[2];
const server = given ? null : await started();
const address = given ?? server.address;
try {
  const begun = performance.now();
  const page = await fetched(`${address}/`);
  const answered = performance.now() - begun;
  // What is marked `nomodule` is for browsers of before 2017; no other asks for it.
  const tags = [...page.text.matchAll(/<script\b[^>]*>/g)].map(([tag]) => tag).filter((tag) => !/\bnomodule\b/i.test(tag));
  const scripts = [...new Set(tags.map((tag) => /\bsrc="([^"]+)"/.exec(tag)?.[1]).filter(Boolean))];
  const sizes = await Promise.all(scripts.map((path) => fetched(new URL(path, address).href)));
  const loaded = performance.now() - begun;
  const sent = sizes.reduce((sum, { sent }) => sum + sent, 0);
  const raw = sizes.reduce((sum, { text }) => sum + text.length, 0);
  console.log(`${scripts.length} scripts: ${sent} bytes transferred (gzip), ${raw} bytes raw; allowed: ${MOST} transferred`);
  console.log(`page answered in ${answered.toFixed(0)} ms, page and scripts there in ${loaded.toFixed(0)} ms`);
  if (sent > MOST || scripts.length === 0) process.exitCode = 1;
} finally {
  server?.process.kill();
}

function fetched(url) {
  return new Promise((done, failed) => {
    get(url, { headers: { "accept-encoding": "gzip" } }, (answer) => {
      const chunks = [];
      answer.on("data", (chunk) => chunks.push(chunk));
      answer.on("end", () => {
        const body = Buffer.concat(chunks);
        const isPacked = answer.headers["content-encoding"] === "gzip";
        done({ sent: body.length, text: (isPacked ? gunzipSync(body) : body).toString() });
      });
    }).on("error", failed);
  });
}

async function started() {
  const port = await freePort();
  const nowhere = { REDIS_CONNECTION_STRING: "127.0.0.1:1,password=x,ssl=False", FASTAPI_ENDPOINT: "http://127.0.0.1:1" };
  const child = spawn(process.execPath, [".next/standalone/server.js"], {
    env: {
      ...process.env,
      ...nowhere,
      COSMOS_DB_CONNECTION_STRING: "AccountEndpoint=http://127.0.0.1:1/;AccountKey=eA==;",
      HOSTNAME: "127.0.0.1",
      PORT: String(port),
    },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const address = `http://127.0.0.1:${port}`;
  for (let attempt = 0; attempt < 100; attempt += 1) {
    if (await fetched(`${address}/icon.svg`).then(() => true, () => false)) return { process: child, address };
    await new Promise((done) => setTimeout(done, 100));
  }
  child.kill();
  throw new Error("The server did not start within 10 s.");
}

async function freePort() {
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const { port } = probe.address();
  probe.close();
  return port;
}
