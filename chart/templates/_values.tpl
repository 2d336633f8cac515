{{/*
Safe reading of values. A release may carry null, false, 0 or a number where a string is meant, and an
explicit null removes the chart's default altogether, so no template may walk .Values blindly.
*/}}

{{/* tars.str VALUE: text of a scalar; null and false are empty; whole numbers never turn into 1e+07. */}}
{{- define "tars.str" -}}
{{- if or (kindIs "invalid" .) (and (kindIs "bool" .) (not .)) -}}
{{- else if and (kindIs "float64" .) (eq (floor .) .) -}}
{{- printf "%.0f" . -}}
{{- else -}}
{{- toString . | trim -}}
{{- end -}}
{{- end -}}

{{/* tars.get (dict "root" $ "path" "a.b.c"): text of a value; anything missing on the way is empty. */}}
{{- define "tars.get" -}}
{{- $node := .root.Values -}}
{{- range splitList "." .path -}}
{{- if kindIs "map" $node -}}
{{- $node = index $node . -}}
{{- else -}}
{{- $node = "" -}}
{{- end -}}
{{- end -}}
{{- include "tars.str" $node -}}
{{- end -}}

{{/* tars.flag (dict "root" $ "path" "a.b" "default" true): "true" or empty; missing and "" mean the default. */}}
{{- define "tars.flag" -}}
{{- $node := .root.Values -}}
{{- range splitList "." .path -}}
{{- if kindIs "map" $node -}}
{{- $node = index $node . -}}
{{- else -}}
{{- $node = "" -}}
{{- end -}}
{{- end -}}
{{- $text := toString $node | lower | trim -}}
{{- if or (kindIs "invalid" $node) (eq $text "") -}}
{{- if .default -}}true{{- end -}}
{{- else if has $text (list "true" "1" "yes" "on") -}}
true
{{- end -}}
{{- end -}}
