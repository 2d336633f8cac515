import { assert, describe, it } from "@effect/vitest";
import { actorOf, originIn, showActor } from "../../../src/domain/processes/actor.ts";

const HERE = { user: "runner", host: "build-1", pid: 1 };

describe("who started an operation", () => {
  it.each([
    [
      "GitHub Actions",
      {
        GITHUB_SERVER_URL: "https://github.com",
        GITHUB_REPOSITORY: "acme/tars",
        GITHUB_RUN_ID: "42",
        GITHUB_ACTOR: "alice",
      },
      { onBehalfOf: "alice", jobUrl: "https://github.com/acme/tars/actions/runs/42" },
    ],
    [
      "GitLab",
      { CI_JOB_URL: "https://gitlab.example/acme/-/jobs/7", GITLAB_USER_LOGIN: "bob" },
      { onBehalfOf: "bob", jobUrl: "https://gitlab.example/acme/-/jobs/7" },
    ],
    [
      "Jenkins",
      { BUILD_URL: "https://ci.example/job/tars/9/" },
      { jobUrl: "https://ci.example/job/tars/9/" },
    ],
    [
      "Azure Pipelines",
      {
        SYSTEM_TEAMFOUNDATIONCOLLECTIONURI: "https://dev.azure.com/acme/",
        SYSTEM_TEAMPROJECT: "Data Plane",
        BUILD_BUILDID: "11",
        BUILD_REQUESTEDFOR: "Carol C.",
      },
      {
        onBehalfOf: "Carol C.",
        jobUrl: "https://dev.azure.com/acme/Data%20Plane/_build/results?buildId=11",
      },
    ],
    ["sudo", { SUDO_USER: "dave" }, { onBehalfOf: "dave" }],
    ["nobody's variables", { PATH: "/bin", GITHUB_RUN_ID: "42" }, {}],
  ])("is told by %s", (_, variables, expected) => {
    assert.deepStrictEqual(originIn(variables), expected);
  });

  it("keeps no login, no parameter and no fragment of a page, and no half of one", () => {
    assert.strictEqual(
      originIn({ CI_JOB_URL: "https://user:pass@ci.example/job/1?token=abc#log" }).jobUrl,
      "https://ci.example/job/1",
    );
    for (const url of ["javascript:alert(1)", "ci.example/job", `https://x/${"a".repeat(600)}`]) {
      assert.deepStrictEqual(originIn({ CI_JOB_URL: url }), {});
    }
  });

  it("is a name of bounded length on one line, without secrets and control characters", () => {
    const { user, host } = actorOf({
      ...HERE,
      user: `a\u001b[31m\nb Bearer abcdef123456 ${"é".repeat(200)}`,
    });
    assert.match(user, /^a b Bearer \[redacted\] é+…$/);
    assert.isAtMost(Buffer.byteLength(user), 128);
    assert.strictEqual(host, "build-1");
  });

  it("is whom the environment names, before the machine's user", () => {
    const actor = actorOf({ ...HERE, onBehalfOf: "alice", jobUrl: "https://ci.example/1" });
    assert.deepStrictEqual(actor, {
      user: "alice",
      host: "build-1",
      job_url: "https://ci.example/1",
    });
    assert.strictEqual(showActor(actor), "alice@build-1");
    assert.deepStrictEqual(actorOf(HERE), { user: "runner", host: "build-1" });
  });
});
