{{/* tars.image (dict "root" $ "name" "envoy"): the reference of one image of images.yaml. */}}
{{- define "tars.image" -}}
{{- $manifest := (.root.Files.Get "images.yaml" | fromYaml).images -}}
{{- $image := required (printf "images.yaml has no image %q" .name) (index $manifest .name) -}}
{{- $registry := include "tars.get" (dict "root" .root "path" "global.imageRegistry") | trimSuffix "/" -}}
{{- $repository := ternary $image.repository (printf "%s/%s" $registry $image.name) (eq $registry "") -}}
{{- $own := include "tars.get" (dict "root" .root "path" (printf "images.%s.tag" .name)) -}}
{{- $all := include "tars.get" (dict "root" .root "path" "global.imageTag") -}}
{{- $tag := coalesce $own $all (toString $image.tag) -}}
{{- $digest := include "tars.get" (dict "root" .root "path" (printf "images.%s.digest" .name)) -}}
{{- printf "%s:%s" $repository $tag -}}
{{- if $digest -}}@{{ $digest }}{{- end -}}
{{- end -}}

{{- define "tars.pullSecretName" -}}
{{- include "tars.get" (dict "root" . "path" "global.imagePullSecretName") -}}
{{- end -}}

{{/* tars.pullSecrets ROOT: the field imagePullSecrets, or nothing. */}}
{{- define "tars.pullSecrets" -}}
{{- with include "tars.pullSecretName" . -}}
imagePullSecrets:
  - name: {{ . | quote }}
{{- end -}}
{{- end -}}

{{- define "tars.podSecurityContext" -}}
runAsNonRoot: true
runAsUser: 65532
runAsGroup: 65532
fsGroup: 65532
seccompProfile:
  type: RuntimeDefault
{{- end -}}

{{- define "tars.containerSecurityContext" -}}
allowPrivilegeEscalation: false
privileged: false
capabilities:
  drop: [ALL]
{{- end -}}

{{/* tars.spread (dict "root" $ "component" "x"): one pod per node and zone where the cluster has room. */}}
{{- define "tars.spread" -}}
topologySpreadConstraints:
  {{- range list "kubernetes.io/hostname" "topology.kubernetes.io/zone" }}
  - maxSkew: 1
    topologyKey: {{ . }}
    whenUnsatisfiable: ScheduleAnyway
    # Of one ReplicaSet only: those of the last one are about to go.
    matchLabelKeys: [pod-template-hash]
    labelSelector:
      matchLabels:
        {{- include "tars.selector" $ | nindent 8 }}
  {{- end }}
{{- end -}}

{{/*
tars.scheduling (dict "root" $ "part" "redis"): nodeSelector, tolerations and priorityClassName of one part, each of which
replaces that of all parts; nothing where neither is set.
*/}}
{{- define "tars.scheduling" -}}
{{- $all := .root.Values.scheduling.all | default dict -}}
{{- $own := index .root.Values.scheduling .part | default dict -}}
{{- $set := dict -}}
{{- range $name := list "nodeSelector" "tolerations" "priorityClassName" -}}
{{- with get $own $name | default (get $all $name) -}}
{{- $_ := set $set $name . -}}
{{- end -}}
{{- end -}}
{{- if $set -}}
{{- toYaml $set -}}
{{- end -}}
{{- end -}}

{{/* tars.pdb (dict "root" $ "component" "x" "spec" {minAvailable|maxUnavailable}) */}}
{{- define "tars.pdb" -}}
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata:
  name: {{ .component }}
  namespace: {{ include "tars.systemNamespace" .root }}
  labels:
    {{- include "tars.labels" . | nindent 4 }}
spec:
  {{- toYaml .spec | nindent 2 }}
  # A pod that is not ready protects nobody; it must not hold up a node drain.
  unhealthyPodEvictionPolicy: AlwaysAllow
  selector:
    matchLabels:
      {{- include "tars.selector" . | nindent 6 }}
{{- end -}}
