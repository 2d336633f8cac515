import { assert, describe, it } from "@effect/vitest";
import { Duration, Schema } from "effect";
import {
  WARNING_CODES,
  WARNINGS,
  type Warning,
  type WarningCode,
} from "../../../src/domain/report/warning.ts";
import { visible } from "../../../src/domain/text/visible.ts";
import { renderJson } from "../../../src/render/json/json.ts";
import { PLAIN, renderText } from "../../../src/render/text/text.ts";
import { visibleEvent } from "../../../src/render/text/visible-event.ts";
import { warningText } from "../../../src/render/warnings/warning.ts";

const EXPIRY = Date.UTC(2027, 10, 23);

const unheld = (openStreams: number | undefined): Warning => ({
  code: "streams-may-be-cut",
  drain: Duration.seconds(12),
  openStreams,
  why: { _tag: "DaemonSet", name: "egress" },
});

const idle = (live: string | undefined, command?: string): Warning => ({
  code: "flag-set-at-installation",
  given: "--serve-url",
  key: "proxy-url",
  configMap: "tars-config",
  live,
  command,
});

const expires = (days: number, renewed: boolean | undefined): Warning => ({
  code: "webhook-certificate-expires",
  expiresAtMillis: EXPIRY,
  days,
  renewed,
});

describe("the words of a warning", () => {
  it.each<[Warning, string]>([
    [
      { code: "metrics-absent" },
      "metrics-server is absent: the HPA keeps its minimum of replicas but cannot scale under load",
    ],
    [
      { code: "kubernetes-lacks-sidecars", version: "v1.32.9" },
      "Kubernetes v1.32.9 is older than 1.33: ext-proc may refuse new streams while a pod drains",
    ],
    [
      {
        code: "timeout-below-drain",
        timeout: Duration.minutes(5),
        drain: Duration.minutes(5),
        startUp: Duration.minutes(1),
      },
      "--timeout 5m is shorter than a drain (5m) and the start of new proxies (1m): the upgrade can run out of time while streams end",
    ],
    [
      unheld(23),
      "the running proxies drain for at most 12s; 23 streams are open; longer ones will be cut: those of DaemonSet egress cannot be held, which is done for Deployments only",
    ],
    [
      unheld(1),
      "the running proxies drain for at most 12s; 1 stream is open; longer ones will be cut: those of DaemonSet egress cannot be held, which is done for Deployments only",
    ],
    [
      unheld(undefined),
      "the running proxies drain for at most 12s; longer ones will be cut: those of DaemonSet egress cannot be held, which is done for Deployments only",
    ],
    [
      idle("https://old.example"),
      '--serve-url changes nothing: proxy-url in ConfigMap tars-config is set at installation only, and stays "https://old.example"',
    ],
    [
      idle(undefined, "kubectl patch"),
      "--serve-url changes nothing: proxy-url in ConfigMap tars-config is set at installation only, and stays unset; to change it: kubectl patch",
    ],
    [
      expires(29, true),
      "the certificate of the AI Gateway's webhook expires on 2027-11-23, in 29 days; after that no data-plane pod can be created; this upgrade renews it",
    ],
    [
      expires(1, undefined),
      "the certificate of the AI Gateway's webhook expires on 2027-11-23, in 1 day; after that no data-plane pod can be created",
    ],
    [
      { code: "webhook-certificate-expired", expiresAtMillis: EXPIRY, renewed: false },
      "the certificate of the AI Gateway's webhook expired on 2027-11-23: no data-plane pod can be created under it; this upgrade keeps it: delete Secret ai-gateway-webhook-cert first to have it renewed",
    ],
    [
      { code: "interrupted" },
      "interrupted: bringing the release to a safe state before exiting; do not kill tare",
    ],
    [
      { code: "still-running", step: "helm-rollback", pids: [4711] },
      "still running: helm rollback, process 4711. If killed now, the release stays pending-rollback and half restored until tare upgrade runs with --recover.",
    ],
    [
      {
        code: "gateways-unserved",
        gateways: [
          {
            place: "tars-dataplane/theirs",
            className: "tars-egress",
            controller: "example.com/platform-team",
            ours: false,
            servedBy: [],
          },
          {
            place: "tars-dataplane/ours",
            className: "tars-egress",
            controller: undefined,
            ours: true,
            servedBy: ["Deployment tars-dataplane/egress"],
          },
        ],
      },
      "not served before this upgrade, and not held against it unless the release's own: Gateways tars-dataplane/theirs (its class tars-egress belongs to example.com/platform-team); tars-dataplane/ours (Deployment tars-dataplane/egress is not well)",
    ],
  ])("%j", (warning, text) => {
    assert.strictEqual(warningText(warning), text);
  });
});

/** The schema of a whole warning, from which any of them can be drawn. */
const warningOf = (code: WarningCode) =>
  Schema.Struct({ code: Schema.Literal(code), ...WARNINGS[code] });

describe.each(WARNING_CODES)("warning %s", (code) => {
  it("has a code that programs can go by", () => {
    assert.match(code, /^[a-z]+(?:-[a-z]+)*$/);
  });

  it.prop("is one line that can be looked at, whatever is in it", [warningOf(code)], ([drawn]) => {
    const event = { _tag: "Warning", warning: drawn as Warning } as const;
    const lines = renderText(visibleEvent(event), PLAIN);
    assert.lengthOf(lines, 1);
    const [line = ""] = lines;
    assert.strictEqual(visible(line), line);
    assert.match(line, /^warning: .*[a-z]{2}/);
    assert.deepInclude(renderJson(event), { type: "warning", code });
  });
});
