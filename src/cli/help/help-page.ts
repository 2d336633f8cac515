import { Context, Option } from "effect";
import type { HelpDoc } from "effect/cli";
import type { HelpPage, HelpRow, HelpSection } from "../../render/help/help-text.ts";
import type { DeclaredFlag } from "../flags/declared-flag.ts";
import { type HelpExtras, HelpExtrasOf } from "./help-extras.ts";

/** What stands for a value where nothing better was declared. */
const METAVARS: Readonly<Record<string, string>> = {
  string: "TEXT",
  integer: "N",
  float: "N",
  file: "FILE",
  directory: "DIR",
};

const CHOICES = / \(choices: ([^)]*)\)$/;

const LONGEST_CHOICES = 30;

/** The value's place, and what is left to say of it. */
const valueOfFlag = ({ name, type }: HelpDoc.FlagDoc, said: string) => {
  if (type === "boolean") return { value: "", text: said };
  const choices = CHOICES.exec(said)?.[1]?.replaceAll(", ", "|");
  if (choices === undefined) return { value: ` ${METAVARS[type] ?? type}`, text: said };
  return choices.length > LONGEST_CHOICES
    ? { value: ` ${name.split("-").at(-1)?.toUpperCase()}`, text: said }
    : { value: ` ${choices}`, text: said.replace(CHOICES, "") };
};

/** On by default: how it is turned off has to be said. */
const withOffForm = (name: string, type: string, text: string): string =>
  type === "boolean"
    ? text.replace(/\(default: true\)$/, `(default: true; --${name}=false turns it off)`)
    : text;

const flagRow = (flag: HelpDoc.FlagDoc): HelpRow => {
  const { name, aliases, type, description } = flag;
  const { value, text } = valueOfFlag(
    flag,
    Option.getOrElse(description, () => ""),
  );
  const names = [`--${name}`, ...aliases].join(", ");
  return { term: `${names}${value}`, text: withOffForm(name, type, text) };
};

const declaredRow = ({ name, metavar, help, preset }: DeclaredFlag<unknown>): HelpRow => ({
  term: metavar === undefined ? `--${name}` : `--${name} ${metavar}`,
  text: `${help} (default: ${preset})`,
});

const section = (title: string, rows: ReadonlyArray<HelpRow>, isAdvanced = false): HelpSection => ({
  title,
  rows,
  isAdvanced,
});

const learnMore = (path: ReadonlyArray<string>, advanced: number): ReadonlyArray<HelpRow> => {
  const command = path.join(" ");
  const rows = [
    ...(path.length === 1
      ? [{ term: `${command} <command> --help`, text: "The flags and exit codes of a command" }]
      : []),
    ...(advanced === 0
      ? []
      : [
          {
            term: `${command} --help --all`,
            text: `${advanced} more flags, which few clusters need`,
          },
        ]),
    { term: "tare completion bash|zsh|fish", text: "Completion of commands, flags and files" },
  ];
  return rows;
};

/** What `--help` shows of a command, from how it is declared. */
export const helpPage = (doc: HelpDoc.HelpDoc): HelpPage => {
  const extras: HelpExtras = Option.getOrElse(
    Context.getOption(doc.annotations as Context.Context<HelpExtrasOf>, HelpExtrasOf),
    () => ({}),
  );
  const advanced = Object.values(extras.flags ?? {}).filter(
    ({ isAdvanced }) => isAdvanced === true,
  );
  const commands = (doc.subcommands ?? []).flatMap((group) => group.commands);
  return {
    about: doc.description,
    usage: doc.usage,
    sections: [
      section(
        "ARGUMENTS",
        (doc.args ?? []).map(({ name, description }) => ({
          term: name,
          text: Option.getOrElse(description, () => ""),
        })),
      ),
      section(
        "COMMANDS",
        commands.map(({ name, shortDescription, description }) => ({
          term: name,
          text: shortDescription ?? description,
        })),
      ),
      section("FLAGS", [...doc.flags, ...(doc.inheritedFlags ?? [])].map(flagRow)),
      section("ADVANCED FLAGS", advanced.map(declaredRow), true),
      section("GLOBAL FLAGS", (doc.globalFlags ?? []).map(flagRow)),
      section(
        "ENVIRONMENT",
        (extras.environment ?? []).map(({ name, help }) => ({ term: name, text: help })),
      ),
      section(
        "EXIT CODES",
        (extras.exitCodes ?? []).map(({ code, short }) => ({ term: code, text: short })),
      ),
    ],
    examples: (doc.examples ?? []).map(({ command, description }) => ({
      command,
      note: description,
    })),
    more: learnMore(doc.commandPath ?? ["tare"], advanced.length),
  };
};
