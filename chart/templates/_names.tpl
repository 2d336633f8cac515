{{- define "tars.systemNamespace" -}}
{{- .Release.Namespace -}}
{{- end -}}

{{- define "tars.dataplaneNamespace" -}}
{{- include "tars.get" (dict "root" . "path" "global.dataplaneNamespace") | default "tars-dataplane" -}}
{{- end -}}

{{- define "tars.deploymentMode" -}}
{{- include "tars.get" (dict "root" . "path" "global.deploymentMode") | default "enterprise" -}}
{{- end -}}

{{/*
tars.clusterDomain ROOT: the domain of the cluster's Services. It never changes, so that without a value the one that the running
controller has is kept.
*/}}
{{- define "tars.clusterDomain" -}}
{{- $domain := include "tars.get" (dict "root" . "path" "global.clusterDomain") -}}
{{- if not $domain -}}
{{- $live := lookup "apps/v1" "Deployment" (include "tars.systemNamespace" .) "envoy-gateway" -}}
{{- range dig "spec" "template" "spec" "containers" list $live -}}
{{- range .env -}}
{{- if eq .name "KUBERNETES_CLUSTER_DOMAIN" -}}
{{- $domain = .value -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- $domain | default "cluster.local" -}}
{{- end -}}

{{/* tars.serviceHost (dict "root" $ "name" "x"): the full name of a Service of the release namespace. */}}
{{- define "tars.serviceHost" -}}
{{- printf "%s.%s.svc.%s" .name (include "tars.systemNamespace" .root) (include "tars.clusterDomain" .root) -}}
{{- end -}}

{{/*
tars.clusterName (dict "root" $ "name" "x"): a cluster-scoped name; two releases must not share it, nor two parts of one. Names of
RBAC objects may have 253 letters; they are cut after 63, as chart 1.1.0 did, only where that leaves some of the part's name.
*/}}
{{- define "tars.clusterName" -}}
{{- $release := printf "%s-%s-" .root.Release.Namespace .root.Release.Name -}}
{{- $full := printf "%s%s" $release .name -}}
{{- if lt (len $release) 63 -}}
{{- $full | trunc 63 | trimSuffix "-" -}}
{{- else -}}
{{- $full | trunc 253 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{/* tars.labelValue TEXT: text made fit for a label value. */}}
{{- define "tars.labelValue" -}}
{{- regexReplaceAll "[^A-Za-z0-9._-]+" . "-" | trunc 63 | trimAll "-_." -}}
{{- end -}}

{{/*
tars.selector (dict "root" $ "component" "x"): selectors are immutable, so these two labels are all there
will ever be, in every version of this chart.
*/}}
{{- define "tars.selector" -}}
app.kubernetes.io/name: {{ .component }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
{{- end -}}

{{/* tars.labels (dict "root" $ "component" "x"): labels of objects. Never for pod templates: a new chart version would restart every pod. */}}
{{- define "tars.labels" -}}
{{ include "tars.selector" . }}
app.kubernetes.io/part-of: tars
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version | replace "+" "_" | trunc 63 }}
{{- with include "tars.labelValue" (include "tars.get" (dict "root" .root "path" "global.customer")) }}
tars.io/customer: {{ . | quote }}
{{- end }}
{{- with include "tars.labelValue" (include "tars.get" (dict "root" .root "path" "global.environment")) }}
tars.io/environment: {{ . | quote }}
{{- end }}
{{- end -}}
