import { assert, describe, it } from "@effect/vitest";
import type { ImageTrouble } from "../../../src/domain/images/problem.ts";
import { NO_CLUSTER, showHints } from "../../../src/render/hints/hints.ts";
import { imageRemedies } from "../../../src/words/images/remedy.ts";

const ECR = "123456789012.dkr.ecr.eu-west-1.amazonaws.com";

const commandsFor = (trouble: ImageTrouble, ...references: ReadonlyArray<string>) =>
  showHints(
    NO_CLUSTER,
    imageRemedies(
      references.map((reference) => ({ trouble, reference, detail: "" })),
      ["tare", "images", "sync", "r.io"],
    ),
  ).flatMap(({ commands }) => commands);

describe("what mends a problem with an image", () => {
  it("is a repository for each image in ECR, and one for all in Artifact Registry", () => {
    assert.deepStrictEqual(
      commandsFor("no-repository", `${ECR}/tars/envoy:1`, `${ECR}/tars/redis:8`),
      ["envoy", "redis"].map(
        (name) =>
          `aws ecr create-repository --region eu-west-1 --registry-id 123456789012 --repository-name tars/${name}`,
      ),
    );
    const google = "europe-west1-docker.pkg.dev/acme/tars";
    assert.deepStrictEqual(commandsFor("no-repository", `${google}/envoy:1`, `${google}/redis:8`), [
      "gcloud artifacts repositories create tars --repository-format docker --location europe-west1 --project acme",
    ]);
  });

  it("is a login as the vendor has it", () => {
    assert.deepStrictEqual(commandsFor("denied", `${ECR}/a:1`), [
      `aws ecr get-login-password --region eu-west-1 | docker login --username AWS --password-stdin ${ECR}`,
    ]);
    assert.deepStrictEqual(commandsFor("denied", "acme.azurecr.io/a:1", "acme.azurecr.io/b:1"), [
      "az acr login --name acme",
    ]);
    assert.deepStrictEqual(commandsFor("denied", "europe-docker.pkg.dev/p/r/a:1"), [
      "gcloud auth configure-docker europe-docker.pkg.dev",
    ]);
    assert.deepStrictEqual(commandsFor("denied", "docker.io/library/redis:8", "r.io:5000/a:1"), [
      "docker login",
      "docker login r.io:5000",
    ]);
  });

  it("never deletes anything", () => {
    assert.deepStrictEqual(commandsFor("other-image", "r.io/a:1", "r.io/b:1"), [
      "tare images sync r.io --overwrite",
    ]);
    assert.deepStrictEqual(commandsFor("immutable", `${ECR}/a:1`), [
      "aws ecr put-image-tag-mutability --region eu-west-1 --registry-id 123456789012 --repository-name a --image-tag-mutability MUTABLE",
    ]);
  });
});
