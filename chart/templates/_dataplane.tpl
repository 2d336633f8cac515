{{/* tars.minReplicas ROOT: the floor of the data plane's HPA. */}}
{{- define "tars.minReplicas" -}}
{{- if include "tars.flag" (dict "root" . "path" "ha.enabled" "default" true) -}}
{{- int .Values.ha.minReplicas -}}
{{- else -}}
1
{{- end -}}
{{- end -}}

{{- define "tars.otelEnabled" -}}
{{- include "tars.flag" (dict "root" . "path" "otelCollector.enabled" "default" false) -}}
{{- end -}}

