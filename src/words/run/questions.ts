import type { Question, TypedQuestion } from "../../domain/run/question.ts";
import { visible } from "../../domain/text/visible.ts";
import { describeHusk } from "../install/removal.ts";
import { describeStuck } from "./recovery.ts";

/** Asked on a terminal: what a cluster says is made safe to look at, the lines of the question stay. */
export const describeQuestion = (question: Question): string => {
  const { name, namespace } = question.release;
  switch (question._tag) {
    case "Install":
      return `Install release ${name} in ${namespace}?`;
    case "RemoveHusk":
      return `Release ${name}: ${visible(describeHusk(question))}. Remove what there is of it, then install?`;
    case "Recover": {
      const { stuck, to, noun } = question;
      return `${visible(describeStuck(stuck))}\nRoll back to revision ${to} of release ${name} and continue with ${noun}?`;
    }
  }
};

export const describeTypedQuestion = ({ release: { name, namespace } }: TypedQuestion): string =>
  `This cannot be undone, and cuts every stream. Type the name of the release, ${name}, to uninstall it from ${namespace}:`;
