import { Data } from "effect";

/** Why a Helm command fails, in the words that go into the revision's description. */
export class HelmFailure extends Data.TaggedError("HelmFailure")<{ readonly text: string }> {
  override get message() {
    return this.text;
  }
}
