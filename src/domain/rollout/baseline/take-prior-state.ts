import { fieldAt, type KubeObject, stringAt } from "../../kube/objects.ts";
import { differences } from "../difference.ts";
import { entriesOf, type GroupedEntry, missingKey } from "../progress.ts";
import { askedOf } from "../questions.ts";
import { keyOfObject, type RolloutView, type Workload } from "../view.ts";
import { isObserved, isPaused, workloadProgress } from "../workload-progress.ts";
import { imagesOf } from "./asked-template.ts";
import { classNamed, controllerOf, isOurs, isServedBy, refusal } from "./gateways.ts";
import { type PriorGateway, type PriorState, type PriorWorkload, placeOf } from "./prior-state.ts";

/** A specification that its controllers have yet to see differs for that reason alone. */
const differencesOf = (view: RolloutView, workload: Workload) => {
  const asked = askedOf(view, workload);
  return asked === undefined || !isObserved(workload.object)
    ? []
    : differences(fieldAt(workload.object, "spec"), asked);
};

const priorWorkload = (view: RolloutView, workload: Workload): PriorWorkload => {
  const { object, group } = workload;
  const { ready, desired, waitingFor } = workloadProgress(object);
  const isEmpty = group !== "data-plane" && desired === 0;
  const isKept = isPaused(object) && ready >= desired;
  return {
    group,
    ready,
    desired,
    ailment: isEmpty || isKept ? undefined : waitingFor,
    images: imagesOf(object),
    differences: differencesOf(view, workload),
    paused: isPaused(object),
  };
};

const priorGateway = (view: RolloutView, gateway: KubeObject): PriorGateway => {
  const className = stringAt(gateway, "spec", "gatewayClassName") ?? "";
  const serving = view.workloads.filter(
    ({ group, object }) => group === "data-plane" && isServedBy(gateway, object),
  );
  return {
    className,
    controller: controllerOf(classNamed(view, className)),
    ours: isOurs(view, gateway),
    servedBy: serving.map(({ object }) => keyOfObject(object)),
    well:
      refusal(view, gateway) === undefined &&
      serving.some((one) => priorWorkload(view, one).ailment === undefined),
  };
};

const missing = ({ group, progress }: GroupedEntry): PriorWorkload => ({
  group,
  ready: 0,
  desired: progress.desired,
  ailment: progress.waitingFor,
  images: new Map(),
  differences: [],
  paused: false,
});

/** What an earlier run left of its hooks says nothing of what runs. */
const withoutHooks = (view: RolloutView): RolloutView => ({
  ...view,
  workloads: view.workloads.filter(({ group }) => group !== "hook"),
});

export const takePriorState = (found: RolloutView): PriorState => {
  const view = withoutHooks(found);
  return {
    gateways: new Map(
      view.gateways.map((gateway) => [placeOf(gateway.metadata), priorGateway(view, gateway)]),
    ),
    workloads: new Map([
      ...view.workloads.map((one) => [keyOfObject(one.object), priorWorkload(view, one)] as const),
      ...entriesOf(view)
        .filter(({ object, gateway }) => object === undefined && gateway === undefined)
        .map((entry) => [missingKey(entry), missing(entry)] as const),
    ]),
  };
};
