/** What mends a problem with an image: where the vendor of the registry is known, the very command. */
import { again, type Hint, hint, shell } from "../../domain/hints/hint.ts";
import { shellQuote } from "../../domain/hints/operator-commands.ts";
import { partsOf } from "../../domain/images/image.ts";
import type { ImageProblem } from "../../domain/images/problem.ts";
import { vendorOf } from "../../domain/images/registry.ts";

const line = (...words: ReadonlyArray<string>): string => words.map(shellQuote).join(" ");

const loginCommand = (host: string): string => {
  const vendor = vendorOf(host);
  switch (vendor._tag) {
    case "Ecr":
      return `${line("aws", "ecr", "get-login-password", "--region", vendor.region)} | ${line("docker", "login", "--username", "AWS", "--password-stdin", host)}`;
    case "ArtifactRegistry":
      return line("gcloud", "auth", "configure-docker", host);
    case "Acr":
      return line("az", "acr", "login", "--name", vendor.name);
    case "Other":
      return host === "docker.io" ? "docker login" : line("docker", "login", host);
  }
};

const repositoryHint = (reference: string): Hint => {
  const { host, path } = partsOf(reference);
  const vendor = vendorOf(host);
  if (vendor._tag === "Ecr") {
    const [registry, named] = [
      ["--region", vendor.region, "--registry-id", vendor.account],
      ["--repository-name", path],
    ];
    return hint(
      "Make the missing repositories:",
      shell(line("aws", "ecr", "create-repository", ...registry, ...named)),
    );
  }
  if (vendor._tag === "ArtifactRegistry") {
    const [project = "", repository = ""] = path.split("/");
    const place = ["--location", vendor.location, "--project", project];
    return hint(
      "Make the missing repositories:",
      shell(
        line(
          ...["gcloud", "artifacts", "repositories", "create", repository],
          ...["--repository-format", "docker", ...place],
        ),
      ),
    );
  }
  return hint(`Make repository ${path} (in Harbor its project) in ${host}, then:`, again);
};

const mutableHint = (reference: string): Hint => {
  const { host, path } = partsOf(reference);
  const vendor = vendorOf(host);
  return vendor._tag === "Ecr"
    ? hint(
        "Allow these tags to be moved:",
        shell(
          line(
            ...["aws", "ecr", "put-image-tag-mutability", "--region", vendor.region],
            ...["--registry-id", vendor.account, "--repository-name", path],
            ...["--image-tag-mutability", "MUTABLE"],
          ),
        ),
      )
    : hint(`Allow the tags of repository ${path} in ${host} to be moved, then:`, again);
};

const withoutTag = (words: ReadonlyArray<string>): ReadonlyArray<string> =>
  words.filter((word, at) => word !== "--image-tag" && words[at - 1] !== "--image-tag");

const remedyOf = (
  { trouble, reference }: ImageProblem,
  sync: ReadonlyArray<string>,
): Hint | undefined => {
  const { host } = partsOf(reference);
  switch (trouble) {
    case "denied":
      return hint(`Log in to ${host}, as somebody who may do that:`, shell(loginCommand(host)));
    case "no-repository":
      return repositoryHint(reference);
    case "no-image":
      return hint(
        "Name a tag that exists:",
        shell(line(...withoutTag(sync), "--image-tag", "TAG")),
      );
    case "other-image":
      return hint("To replace what is under these tags:", shell(`${line(...sync)} --overwrite`));
    case "immutable":
      return mutableHint(reference);
    case "rate-limited":
      return hint(`Wait, or log in to ${host}, which then allows more:`, shell(loginCommand(host)));
    case "unreachable":
      return hint(
        `Where ${host} is behind a proxy, or has a certificate authority of its own:`,
        shell(`HTTPS_PROXY=http://PROXY:PORT SSL_CERT_FILE=/path/to/ca.pem ${line(...sync)}`),
      );
    case "failed":
      return undefined;
  }
};

/** Those with the same title are one, with all their commands; none is said twice. */
const merged = (hints: ReadonlyArray<Hint>): ReadonlyArray<Hint> => {
  const byTitle = new Map<string, Extract<Hint, { readonly title: string }>>();
  for (const one of hints) {
    if (!("title" in one)) continue;
    const known = byTitle.get(one.title)?.commands ?? [];
    const isKnown = (command: (typeof one.commands)[number]) =>
      known.some((other) => JSON.stringify(other) === JSON.stringify(command));
    const commands = [...known, ...one.commands.filter((command) => !isKnown(command))];
    byTitle.set(one.title, { title: one.title, commands });
  }
  return [...byTitle.values()];
};

/** @param sync the command that brings these images to their registry, without `--overwrite` */
export const imageRemedies = (
  problems: ReadonlyArray<ImageProblem>,
  sync: ReadonlyArray<string>,
): ReadonlyArray<Hint> =>
  merged(
    problems.flatMap((problem) => {
      const remedy = remedyOf(problem, sync);
      return remedy === undefined ? [] : [remedy];
    }),
  );
