import next from "eslint-config-next/core-web-vitals";
import typescript from "eslint-config-next/typescript";

const config = [
  ...next,
  ...typescript,
  { ignores: [".next/**", "node_modules/**", "next-env.d.ts", "lib/generated/**"] },
];

export default config;
