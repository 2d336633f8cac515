import { assert, describe, it } from "@effect/vitest";
import { isOpenToOthers } from "../../../src/domain/identity/plain-http.ts";

describe("an address in the clear", () => {
  it.each([
    "http://manage.example.com",
    "HTTP://manage.example.com/base",
    "http://10.0.0.1:8080",
    "http://localhost.example.com",
    "http://127.0.0.1.example.com",
    "http://[2001:db8::1]/",
    "http://plane.svc.cluster.local",
  ])("%s leaves the machine", (address) => assert.isTrue(isOpenToOthers(address)));

  it.each([
    "https://manage.example.com",
    "oci://registry.example.com/chart",
    "http://localhost:8080",
    "http://127.0.0.1",
    "http://127.1.2.3:1",
    "http://[::1]:8080",
    "http://plane.localhost",
    "otel.example.com:4317",
    "",
  ])("%s does not, or is none", (address) => assert.isFalse(isOpenToOthers(address)));

  it("with a host of any length is none", () =>
    assert.isFalse(isOpenToOthers(`http://${"eyJ-".repeat(50_000)}`)));
});
