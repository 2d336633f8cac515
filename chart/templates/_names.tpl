{{- define "tars.systemNamespace" -}}
{{- .Release.Namespace -}}
{{- end -}}

{{- define "tars.dataplaneNamespace" -}}
{{- include "tars.get" (dict "root" . "path" "global.dataplaneNamespace") | default "tars-dataplane" -}}
{{- end -}}

{{- define "tars.deploymentMode" -}}
{{- include "tars.get" (dict "root" . "path" "global.deploymentMode") | default "enterprise" -}}
{{- end -}}

{{/* tars.clusterName (dict "root" $ "name" "x"): a cluster-scoped name; two releases must not share it. */}}
{{- define "tars.clusterName" -}}
{{- printf "%s-%s-%s" .root.Release.Namespace .root.Release.Name .name | trunc 63 | trimSuffix "-" -}}
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
