{{/* tars.envoyGateway.config ROOT: the configuration file of the Envoy Gateway controller. */}}
{{- define "tars.envoyGateway.config" -}}
apiVersion: gateway.envoyproxy.io/v1alpha1
kind: EnvoyGateway
gateway:
  controllerName: gateway.envoyproxy.io/gatewayclass-controller
logging:
  level:
    default: {{ .Values.controllers.envoyGateway.logLevel }}
provider:
  type: Kubernetes
  kubernetes:
    deploy:
      # Proxies live in the namespace of their Gateway, under its name.
      type: GatewayNamespace
    proxyTopologyInjector:
      # Zone-aware routing is of no use to traffic that leaves the cluster; one webhook less.
      disabled: true
    shutdownManager:
      image: {{ include "tars.image" (dict "root" . "name" "envoyGateway") }}
    {{- if include "tars.rateLimitingEnabled" . }}
    rateLimitDeployment:
      replicas: {{ int .Values.rateLimiting.replicas }}
      container:
        image: {{ include "tars.image" (dict "root" . "name" "rateLimit") }}
        env:
          {{- include "tars.rateLimit.redisEnv" . | nindent 10 }}
      {{- $pull := include "tars.pullSecrets" . }}
      {{- $scheduling := include "tars.scheduling" (dict "root" . "part" "rateLimit") }}
      {{- if or $pull $scheduling }}
      pod:
        {{- range compact (list $pull $scheduling) }}
        {{- . | nindent 8 }}
        {{- end }}
      {{- end }}
      {{- with get ($scheduling | fromYaml) "priorityClassName" }}
      # Envoy Gateway 1.8 leaves the field above out of this Deployment.
      patch:
        type: StrategicMerge
        value:
          spec:
            template:
              spec:
                priorityClassName: {{ . }}
      {{- end }}
    {{- if gt (int .Values.rateLimiting.replicas) 1 }}
    rateLimitPDB:
      maxUnavailable: 1
    {{- end }}
    {{- end }}
extensionApis:
  # The AI Gateway writes Backend objects for its providers.
  enableBackend: true
  enableEnvoyPatchPolicy: true
extensionManager:
  # Lets the AI Gateway see and change the xDS that Envoy Gateway computes.
  hooks:
    xdsTranslator:
      translation:
        listener:
          includeAll: true
        route:
          includeAll: true
        cluster:
          includeAll: true
        secret:
          includeAll: true
      post:
        - Translation
        - Cluster
        - Route
  service:
    fqdn:
      hostname: {{ include "tars.serviceHost" (dict "root" . "name" "ai-gateway-controller") }}
      port: 1063
{{- if include "tars.rateLimitingEnabled" . }}
rateLimit:
  failClosed: {{ .Values.rateLimiting.failClosed }}
  backend:
    type: Redis
    redis:
      url: {{ include "tars.rateLimit.redisUrl" . }}
{{- end }}
{{- end -}}
