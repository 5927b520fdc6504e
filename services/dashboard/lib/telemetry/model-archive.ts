/** The part of a fitted model that says where each tag is expected: read from its npz archive. */

import { inflateRawSync } from "node:zlib";

import { MODEL_FORMAT } from "../generated/types";

export interface ResidualModel {
  tags: string[];
  cadenceSeconds: number;
  centre: number[];
  scale: number[];
  /** Coefficients on the last deviation and on the one before it. */
  lags: [number[], number[]];
  sigma: number[];
  tail: number[];
  /** The residual, in standard deviations over `tail`, at which the tier alarms. */
  spikeLimit: number;
}

interface Texts {
  format?: number;
  cadence_s?: number;
  "residuals.tags"?: string[];
}

const MOST_BYTES = 64 * 1024 * 1024;

/** null for anything else than a model of this format: then there is nothing to show, and nothing is wrong. */
export function residualModelIn(archive: Buffer): ResidualModel | null {
  try {
    const files = filesIn(archive);
    const texts = JSON.parse(bodyOf(files, "texts").body.toString("utf8")) as Texts;
    const tags = texts["residuals.tags"];
    if (texts.format !== MODEL_FORMAT || !tags || !texts.cadence_s) return null;
    const lags = floatsOf(files, "residuals.lags");
    return {
      tags,
      cadenceSeconds: texts.cadence_s,
      centre: floatsOf(files, "residuals.centre"),
      scale: floatsOf(files, "residuals.scale"),
      lags: [lags.slice(0, tags.length), lags.slice(tags.length)],
      sigma: floatsOf(files, "residuals.sigma"),
      tail: floatsOf(files, "residuals.tail"),
      spikeLimit: Math.exp(floatsOf(files, "residual_limits.alarm")[0] as number),
    };
  } catch {
    return null;
  }
}

/** Compressed bodies by name, from the zip's central directory. */
function filesIn(archive: Buffer): Map<string, { method: number; data: Buffer }> {
  const end = archive.lastIndexOf(Buffer.from("PK\x05\x06", "latin1"));
  if (end < 0) throw new Error("no zip archive");
  const count = archive.readUInt16LE(end + 10);
  let at = archive.readUInt32LE(end + 16);
  const files = new Map<string, { method: number; data: Buffer }>();
  for (let number = 0; number < count; number++) {
    const method = archive.readUInt16LE(at + 10);
    const size = archive.readUInt32LE(at + 20);
    const nameLength = archive.readUInt16LE(at + 28);
    const skipped = archive.readUInt16LE(at + 30) + archive.readUInt16LE(at + 32);
    const local = archive.readUInt32LE(at + 42);
    const name = archive.toString("utf8", at + 46, at + 46 + nameLength);
    const start = local + 30 + archive.readUInt16LE(local + 26) + archive.readUInt16LE(local + 28);
    files.set(name.replace(/\.npy$/, ""), { method, data: archive.subarray(start, start + size) });
    at += 46 + nameLength + skipped;
  }
  return files;
}

function bodyOf(files: ReturnType<typeof filesIn>, name: string): { kind: string; isFortran: boolean; body: Buffer } {
  const file = files.get(name);
  if (!file) throw new Error(`${name} is missing`);
  const array = file.method === 0 ? file.data : inflateRawSync(file.data, { maxOutputLength: MOST_BYTES });
  const isFirst = array[6] === 1;
  const start = (isFirst ? 10 : 12) + (isFirst ? array.readUInt16LE(8) : array.readUInt32LE(8));
  const header = array.toString("latin1", 10, start);
  const kind = /'descr': '([^']+)'/.exec(header)?.[1] ?? "";
  return { kind, isFortran: /'fortran_order': True/.test(header), body: array.subarray(start) };
}

function floatsOf(files: ReturnType<typeof filesIn>, name: string): number[] {
  const { kind, isFortran, body } = bodyOf(files, name);
  if (isFortran || (kind !== "<f8" && kind !== "<f4")) throw new Error(`${name} is of another kind`);
  const width = kind === "<f8" ? 8 : 4;
  return Array.from({ length: body.length / width }, (_, at) =>
    width === 8 ? body.readDoubleLE(at * 8) : body.readFloatLE(at * 4),
  );
}
