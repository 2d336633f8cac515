import { assert, describe, it } from "@effect/vitest";
import { Schema } from "effect";
import { parseMetrics, proxyCounts } from "../../../src/domain/streams/proxy-metrics.ts";

/** What Envoy 1.38.3 answered with three streams under way. */
const PAGE = `# TYPE envoy_http_downstream_rq_active gauge
envoy_http_downstream_rq_active{envoy_http_conn_manager_prefix="admin"} 1
envoy_http_downstream_rq_active{envoy_http_conn_manager_prefix="eg-ready-http"} 1
envoy_http_downstream_rq_active{envoy_http_conn_manager_prefix="eg-stats-http"} 1
envoy_http_downstream_rq_active{envoy_http_conn_manager_prefix="http-10080"} 3
envoy_http_downstream_rq_active{envoy_http_conn_manager_prefix="https-10443"} 0

`;

const open = (page: string) => proxyCounts(parseMetrics(page))?.openStreams;

describe("the counts of a proxy", () => {
  it("tell of connections that were aborted, and of listeners that drain", () => {
    const page = `${PAGE}envoy_http_downstream_cx_destroy_active_rq{envoy_http_conn_manager_prefix="eg-stats-http"} 5
envoy_http_downstream_cx_destroy_active_rq{envoy_http_conn_manager_prefix="http-10080"} 4
envoy_listener_manager_total_listeners_draining{} 1
`;
    assert.deepStrictEqual(proxyCounts(parseMetrics(page)), {
      openStreams: 3,
      abortedConnections: 4,
      listenersDraining: 1,
    });
  });
});

describe("the open streams of a proxy", () => {
  it("are the requests on the listeners for clients", () => {
    assert.strictEqual(open(PAGE), 3);
  });

  it("are summed over the listeners", () => {
    assert.strictEqual(open(PAGE.replace('"https-10443"} 0', '"https-10443"} 4')), 7);
  });

  it("are none before there is a listener for clients", () => {
    assert.strictEqual(open(PAGE.replaceAll(/.*"https?-.*\n/g, "")), 0);
  });

  it.each(["", "404 page not found", "<html>", "envoy_server_live{} 1\nup{} NaN"])(
    "are unknown from %j",
    (page) => {
      assert.isUndefined(open(page));
    },
  );

  const Count = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 1e6 }));
  const Name = Schema.String;
  it.prop(
    "are counted whatever the listeners are called",
    [Schema.Array(Schema.Tuple([Name, Count]))],
    ([listeners]) => {
      const rows = listeners.map(([name, count]) => {
        const text = name.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
        return `envoy_http_downstream_rq_active{envoy_http_conn_manager_prefix="${text}"} ${count}`;
      });
      const own = new Set(["admin", "eg-ready-http", "eg-stats-http"]);
      const expected = listeners
        .filter(([name]) => !own.has(name))
        .reduce((sum, [, count]) => sum + count, 0);
      assert.strictEqual(open(`${PAGE.replace("} 3", "} 0")}${rows.join("\n")}`), expected);
    },
  );

  it.prop("never fail on what is read", [Schema.String], ([page]) => {
    assert.isTrue((open(page) ?? 0) >= 0 || page.includes("-"));
  });
});
