import type { NextConfig } from "next";

const config: NextConfig = {
  output: "standalone",
  // Without it Next takes the nearest lock file above this folder for the workspace, and nests the output.
  outputFileTracingRoot: import.meta.dirname,
  turbopack: { root: import.meta.dirname },
  serverExternalPackages: ["@azure/cosmos", "@azure/identity", "@redis/client", "@redis/entraid"],
  poweredByHeader: false,
  reactStrictMode: true,
  devIndicators: false,
};

export default config;
