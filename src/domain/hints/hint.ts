/** A command to paste, under the sentence that says what it is for. */
export interface Hint {
  readonly title: string;
  readonly commands: ReadonlyArray<string>;
}
