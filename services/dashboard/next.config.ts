import type { NextConfig } from "next";

const config: NextConfig = {
  output: "standalone",
  // Without it Next takes the nearest lock file above this folder for the workspace, and nests the output.
  outputFileTracingRoot: import.meta.dirname,
  turbopack: { root: import.meta.dirname },
  serverExternalPackages: ["@azure/cosmos", "@azure/identity", "@redis/client", "@redis/entraid"],
  poweredByHeader: false,
  // Next.js compresses what a route answers only where the kind is known before the route runs.
  headers: async () => [
    { source: "/api/:path*", headers: [{ key: "Content-Type", value: "application/json; charset=utf-8" }] },
  ],
  reactStrictMode: true,
  devIndicators: false,
};

export default config;
