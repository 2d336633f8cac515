#!/usr/bin/env bash
# What a careful operator would script with helm and kubectl in place of `tare upgrade`: the same reads, CRDs, upgrade,
# look at the data plane, and event. Expects HELM, KUBECTL, CHART, OVERRIDES (a values file) and KUBECONFIG.
set -euo pipefail
release=tars system=tars-system dataplane=tars-dataplane
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

"$HELM" version --short >/dev/null
"$KUBECTL" version >/dev/null
"$HELM" history "$release" -n "$system" -o json >"$work/history.json"
"$HELM" get values "$release" -n "$system" -o json >"$work/values.json"
replicas=$("$KUBECTL" get envoyproxies.gateway.envoyproxy.io -n "$system" \
  -o jsonpath='{.items[0].spec.provider.kubernetes.envoyHpa.minReplicas}')
[ "${replicas:-1}" -ge 2 ] || { echo "single replica" >&2; exit 12; }

"$KUBECTL" apply --server-side --force-conflicts -f "$CHART/charts/crds/crds" >/dev/null
"$KUBECTL" wait --for=condition=Established crd --all --timeout=60s >/dev/null

"$HELM" upgrade --install "$release" "$CHART" -n "$system" --"$ATOMIC" --wait --timeout 10m \
  --reset-values --skip-crds -f "$work/values.json" -f "$OVERRIDES" >/dev/null
image=$("$KUBECTL" get envoyproxies.gateway.envoyproxy.io -n "$system" \
  -o jsonpath='{.items[0].spec.provider.kubernetes.envoyDeployment.container.image}')
for deployment in $("$KUBECTL" get deployments -n "$dataplane" -o name); do
  # The controller needs a moment; until then the old rollout looks finished.
  "$KUBECTL" wait "$deployment" -n "$dataplane" --timeout=10m \
    --for=jsonpath='{.spec.template.spec.containers[?(@.name=="envoy")].image}'="$image" >/dev/null
  "$KUBECTL" rollout status "$deployment" -n "$dataplane" --timeout=10m >/dev/null
done

revision=$("$HELM" history "$release" -n "$system" --max 1 -o json | sed 's/.*"revision":\([0-9]*\).*/\1/')
"$KUBECTL" create configmap "upgrade-event-$revision-$$" -n "$system" \
  --from-literal=event.json="{\"operation\":\"upgrade\",\"status\":\"success\",\"helm_revision\":$revision}" \
  --dry-run=client -o json |
  "$KUBECTL" label --local -f - tars.io/component=bench-event -o json |
  "$KUBECTL" apply -f - >/dev/null
