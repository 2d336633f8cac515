{{- define "tars.dataplaneNamespace" -}}
{{- .Values.global.dataplaneNamespace | default "tars-dataplane" -}}
{{- end -}}

{{- define "tars.clusterName" -}}
{{- printf "%s-%s-%s" .root.Release.Namespace .root.Release.Name .name | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{- define "tars.selector" -}}
app.kubernetes.io/name: {{ .component }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
{{- end -}}

{{- define "tars.labels" -}}
{{ include "tars.selector" . }}
app.kubernetes.io/part-of: tars
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version }}
{{- with .root.Values.global.customer }}
tars.io/customer: {{ . | toString | quote }}
{{- end }}
{{- with .root.Values.global.environment }}
tars.io/environment: {{ . | toString | quote }}
{{- end }}
{{- end -}}

{{- define "tars.image" -}}
{{- $image := index .root.Values.images .name -}}
{{- $registry := .root.Values.global.imageRegistry | default "" | toString | trimSuffix "/" -}}
{{- $tag := .root.Values.global.imageTag | default $image.tag | toString -}}
{{- printf "%s:%s" (ternary $image.repository (printf "%s/%s" $registry $image.name) (eq $registry "")) $tag -}}
{{- end -}}

{{- define "tars.pullSecrets" -}}
{{- with .Values.global.imagePullSecretName -}}
imagePullSecrets:
  - name: {{ . | toString | quote }}
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
