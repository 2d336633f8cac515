/** Objects of a cluster as somebody who may write them could leave them. */
import { gunzipSync, gzipSync } from "node:zlib";
import type { KubeObject } from "../../src/domain/kube/objects.ts";
import type { Dice } from "../simulation/dice.ts";
import { inJson, mutated, type Path, sameType } from "./values.ts";

const recordAs = (bytes: Buffer): string =>
  Buffer.from(bytes.toString("base64")).toString("base64");

/** One that was cut off before is not read any more. */
const unzipped = (bytes: Buffer): Buffer => {
  try {
    return gunzipSync(bytes);
  } catch {
    return Buffer.from("{}");
  }
};

const tamperedRecord = (data: string, dice: Dice): string => {
  const bytes = Buffer.from(Buffer.from(data, "base64").toString(), "base64");
  const isZipped = bytes[0] === 0x1f;
  const json = (isZipped ? unzipped(bytes) : bytes).toString();
  const next = Buffer.from(inJson(json, dice));
  return dice.pick([
    () => recordAs(gzipSync(next)),
    () => recordAs(next),
    () => recordAs(gzipSync(next).subarray(0, -20)),
    () => "not base64 at all",
  ])();
};

/** The server's own, what finds the object again, and numbers of pods: the simulation would make each of two thousand million. */
const FIXED =
  /^(?:apiVersion|kind|metadata\.(?:name|namespace|uid|resourceVersion|generation|managedFields|creationTimestamp|ownerReferences|labels\.(?:owner|name|version|app|gateway)).*|spec\.(?:selector|template).*|.*(?:[rR]eplicas|maxSurge|maxUnavailable))$/;

/** One object, changed in a place or three. */
export const tampered = (object: KubeObject, dice: Dice): KubeObject => {
  const data = (object as { readonly data?: Record<string, string> }).data;
  if (object.kind === "Secret" && data?.release !== undefined && dice.chance(0.8)) {
    return {
      ...object,
      data: { ...data, release: tamperedRecord(data.release, dice) },
    } as KubeObject;
  }
  if (object.kind === "ConfigMap" && data !== undefined && dice.chance(0.8)) {
    const key = dice.pick(Object.keys(data));
    return { ...object, data: { ...data, [key]: inJson(data[key] ?? "", dice) } } as KubeObject;
  }
  const isFree = (path: Path) => path.length > 0 && !FIXED.test(path.join("."));
  return mutated(object, dice, sameType(dice), isFree) as KubeObject;
};
