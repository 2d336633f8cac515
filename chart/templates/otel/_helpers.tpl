{{- define "tars.otelHost" -}}
{{- include "tars.serviceHost" (dict "root" . "name" "tars-otel-collector") -}}
{{- end -}}

{{- define "tars.otelEndpoint" -}}
http://{{ include "tars.otelHost" . }}:4317
{{- end -}}

{{/*
tars.otelBackend ROOT: where the proxies send their telemetry. Never the Service itself: Envoy Gateway would write the
address of one of its pods into the proxies' bootstrap, and replace every proxy when that pod is replaced.
*/}}
{{- define "tars.otelBackend" -}}
backendRefs:
  - group: gateway.envoyproxy.io
    kind: Backend
    name: tars-otel-collector
    namespace: {{ include "tars.systemNamespace" . }}
{{- end -}}

{{/*
tars.otel.protocol ROOT: grpc or http, what the receiver at the endpoint speaks. 4318 is the port of OTLP over HTTP: gRPC would
connect there and then lose everything without an error that an operator sees.
*/}}
{{- define "tars.otel.protocol" -}}
{{- $endpoint := include "tars.get" (dict "root" . "path" "otelCollector.exporters.otlp.endpoint") -}}
{{- $given := include "tars.get" (dict "root" . "path" "otelCollector.exporters.otlp.protocol") -}}
{{- $given | default (ternary "http" "grpc" (regexMatch ":4318(/|$)" $endpoint)) -}}
{{- end -}}

{{- define "tars.otel.config" -}}
{{- $endpoint := include "tars.get" (dict "root" . "path" "otelCollector.exporters.otlp.endpoint") -}}
{{- $authorization := include "tars.get" (dict "root" . "path" "otelCollector.exporters.otlp.headers.Authorization") -}}
{{- $protocol := include "tars.otel.protocol" . -}}
{{- $exporter := ternary (printf "otlp_%s" $protocol) "nop" (ne $endpoint "") -}}
# Without a host: IPv4 and IPv6, whatever the pod has.
receivers:
  otlp:
    protocols:
      grpc:
        endpoint: ":4317"
      http:
        endpoint: ":4318"
processors:
  memory_limiter:
    check_interval: 1s
    limit_percentage: 80
    spike_limit_percentage: 20
  resource:
    attributes:
      {{- range $key, $path := dict "tars.customer" "global.customer" "deployment.environment.name" "global.environment" "tars.deployment_mode" "global.deploymentMode" }}
      {{- with include "tars.get" (dict "root" $ "path" $path) }}
      - key: {{ $key }}
        value: {{ . | quote }}
        action: upsert
      {{- end }}
      {{- end }}
      - key: tars.release
        value: {{ .Release.Name | quote }}
        action: upsert
  batch: {}
exporters:
  {{- if $endpoint }}
  {{ $exporter }}:
    {{- if and (eq $protocol "http") (not (contains "://" $endpoint)) }}
    endpoint: {{ printf "https://%s" $endpoint | quote }}
    {{- else }}
    endpoint: {{ $endpoint | quote }}
    {{- end }}
    {{- if and (eq $protocol "grpc") (hasPrefix "http://" $endpoint) }}
    tls:
      insecure: true
    {{- end }}
    {{- if $authorization }}
    headers:
      Authorization: ${env:OTLP_AUTHORIZATION}
    {{- end }}
  {{- else }}
  # No endpoint is configured: what arrives is dropped.
  nop: {}
  {{- end }}
extensions:
  health_check:
    endpoint: ":13133"
service:
  extensions: [health_check]
  pipelines:
    {{- range list "logs" "metrics" "traces" }}
    {{ . }}:
      receivers: [otlp]
      processors: [memory_limiter, resource, batch]
      exporters: [{{ $exporter }}]
    {{- end }}
{{- end -}}
