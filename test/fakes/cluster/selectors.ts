import { fieldAt, type KubeObject } from "../../../src/domain/kube.ts";

/** The equality form, `a=b,c=d`: all that tare uses. */
export const matchesSelector = ({ metadata }: KubeObject, selector: string | undefined): boolean =>
  (selector ?? "")
    .split(",")
    .filter((term) => term !== "")
    .every((term) => {
      const [key = "", value = ""] = term.split("=");
      return metadata.labels?.[key] === value;
    });

/** `metadata.name=a,involvedObject.uid=b`, equality only. */
export const matchesFields = (object: KubeObject, selector: string | undefined): boolean =>
  (selector ?? "")
    .split(",")
    .filter((term) => term !== "")
    .every((term) => {
      const [path = "", value = ""] = term.split("=");
      return fieldAt(object, ...path.split(".")) === value;
    });
