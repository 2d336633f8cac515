{{/* The controller looks its webhook up under this very name. */}}
{{- define "tars.aiGateway.webhookName" -}}
envoy-ai-gateway-gateway-pod-mutator.{{ include "tars.systemNamespace" . }}
{{- end -}}

{{/*
tars.aiGateway.certificate ROOT: YAML of {ca, crt, key, renewAfter}, the first three base64-encoded.

Rendered twice (Secret and webhook) it would be two different certificates, so the result is kept in
.Values for the rest of the rendering. An existing Secret is reused until its annotation
tars.io/renew-after has passed; the new CA bundle then keeps the old CA, so that controllers which still
serve the old certificate are trusted until they have restarted.
*/}}
{{- define "tars.aiGateway.certificate" -}}
{{- if not (hasKey .Values "_aiGatewayCertificate") -}}
{{- $service := "ai-gateway-controller" -}}
{{- $namespace := include "tars.systemNamespace" . -}}
{{- $live := lookup "v1" "Secret" $namespace "ai-gateway-webhook-cert" -}}
{{- $renewAfter := dig "metadata" "annotations" "tars.io/renew-after" "" $live -}}
{{- if and $live (not $renewAfter) -}}
{{- /* Made by a chart before 1.2, for 365 days. */ -}}
{{- $made := dig "metadata" "creationTimestamp" "1970-01-01T00:00:00Z" $live | toDate "2006-01-02T15:04:05Z" -}}
{{- $renewAfter = printf "%d" (add (unixEpoch $made | int64) 23760000) -}}
{{- end -}}
{{- $data := dig "data" dict $live -}}
{{- $whole := and (hasKey $data "ca.crt") (hasKey $data "tls.crt") (hasKey $data "tls.key") -}}
{{- if and $whole (gt (int64 $renewAfter) (now | unixEpoch | int64)) -}}
{{- $_ := set .Values "_aiGatewayCertificate" (dict "ca" (index $data "ca.crt") "crt" (index $data "tls.crt") "key" (index $data "tls.key") "renewAfter" $renewAfter) -}}
{{- else -}}
{{- $names := list $service (printf "%s.%s" $service $namespace) (printf "%s.%s.svc" $service $namespace) (include "tars.serviceHost" (dict "root" . "name" $service)) -}}
{{- $ca := genCA (printf "%s-ca" $service) 3650 -}}
{{- $cert := genSignedCert (printf "%s.%s.svc" $service $namespace) nil $names 1095 $ca -}}
{{- $old := index $data "ca.crt" | default "" | b64dec | regexFind "(?s)-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----\n?" -}}
{{- $bundle := printf "%s%s" $ca.Cert $old -}}
{{- $renewAfter := printf "%d" (add (now | unixEpoch | int64) 63072000) -}}
{{- $_ := set .Values "_aiGatewayCertificate" (dict "ca" ($bundle | b64enc) "crt" ($cert.Cert | b64enc) "key" ($cert.Key | b64enc) "renewAfter" $renewAfter) -}}
{{- end -}}
{{- end -}}
{{- toYaml (index .Values "_aiGatewayCertificate") -}}
{{- end -}}
