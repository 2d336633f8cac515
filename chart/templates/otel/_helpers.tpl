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

{{- define "tars.otel.config" -}}
{{- $endpoint := include "tars.get" (dict "root" . "path" "otelCollector.exporters.otlp.endpoint") -}}
{{- $authorization := include "tars.get" (dict "root" . "path" "otelCollector.exporters.otlp.headers.Authorization") -}}
{{- $exporter := ternary "otlp_grpc" "nop" (ne $endpoint "") -}}
receivers:
  otlp:
    protocols:
      grpc:
        endpoint: 0.0.0.0:4317
      http:
        endpoint: 0.0.0.0:4318
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
  otlp_grpc:
    endpoint: {{ $endpoint | quote }}
    {{- if hasPrefix "http://" $endpoint }}
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
    endpoint: 0.0.0.0:13133
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
