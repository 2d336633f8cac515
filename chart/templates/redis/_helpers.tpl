{{- define "tars.rateLimitingEnabled" -}}
{{- include "tars.flag" (dict "root" . "path" "rateLimiting.enabled" "default" true) -}}
{{- end -}}

{{- define "tars.redisType" -}}
{{- include "tars.get" (dict "root" . "path" "redis.type") | default "cluster" -}}
{{- end -}}

{{/* tars.redisInCluster ROOT: Redis serves rate limiting and nothing else. */}}
{{- define "tars.redisInCluster" -}}
{{- if and (include "tars.rateLimitingEnabled" .) (eq (include "tars.redisType" .) "cluster") -}}true{{- end -}}
{{- end -}}

{{/*
tars.rateLimit.redisUrl ROOT: the address in Envoy Gateway's configuration. That file is a ConfigMap, so for
a hosted Redis it holds a stand-in and the address itself reaches the service through its environment.
*/}}
{{- define "tars.rateLimit.redisUrl" -}}
{{- if eq (include "tars.redisType" .) "cluster" -}}
{{ include "tars.serviceHost" (dict "root" . "name" "tars-redis") }}:6379
{{- else -}}
set-by-secret-tars-redis:6379
{{- end -}}
{{- end -}}

{{/* Environment of the rate limit service; Envoy Gateway lets these entries replace its own by name. */}}
{{- define "tars.rateLimit.redisEnv" -}}
{{- if eq (include "tars.redisType" .) "cluster" -}}
- name: REDIS_AUTH
  valueFrom:
    secretKeyRef:
      name: tars-redis-auth
      key: password
{{- else -}}
- name: REDIS_URL
  valueFrom:
    secretKeyRef:
      name: tars-redis
      key: url
{{- range $variable, $key := dict "REDIS_AUTH" "password" "REDIS_TLS" "tls" "REDIS_TYPE" "type" }}
- name: {{ $variable }}
  valueFrom:
    secretKeyRef:
      name: tars-redis
      key: {{ $key }}
      optional: true
{{- end }}
{{- end -}}
{{- end -}}

{{/*
tars.hostedRedis.check ROOT: a missing Secret would show as a rate limit pod that never starts, outside
Helm's sight. Only with a cluster at hand: without one "lookup" finds nothing at all.
*/}}
{{- define "tars.hostedRedis.check" -}}
{{- if and (include "tars.rateLimitingEnabled" .) (eq (include "tars.redisType" .) "hosted") -}}
{{- $namespace := include "tars.systemNamespace" . -}}
{{- if lookup "v1" "Namespace" "" $namespace -}}
{{- $secret := lookup "v1" "Secret" $namespace "tars-redis" -}}
{{- if not (dig "data" "url" "" $secret) -}}
{{- fail (printf "redis.type is hosted, but Secret %s/tars-redis with the key \"url\" (host:port) does not exist" $namespace) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
