{{/* tars.checks ROOT: contradictions a schema cannot see. Fails while rendering, before anything is changed. */}}
{{- define "tars.checks" -}}
{{- if and (include "tars.flag" (dict "root" . "path" "ha.enabled" "default" true)) (lt (int .Values.ha.minReplicas) 2) -}}
{{- fail "ha.enabled is true but ha.minReplicas is below 2: set ha.minReplicas to 2 or more, or ha.enabled to false" -}}
{{- end -}}
{{- if lt (int .Values.ha.maxReplicas) (int (include "tars.minReplicas" .)) -}}
{{- fail (printf "ha.maxReplicas (%d) is below the minimum of replicas (%s)" (int .Values.ha.maxReplicas) (include "tars.minReplicas" .)) -}}
{{- end -}}
{{- if eq (include "tars.dataplaneNamespace" .) (include "tars.systemNamespace" .) -}}
{{- fail (printf "global.dataplaneNamespace and the release namespace are both %q: they must differ" .Release.Namespace) -}}
{{- end -}}
{{- include "tars.hostedRedis.check" . -}}
{{- end -}}
