{{/* The label by which egctl finds the controller. */}}
{{- define "tars.envoyGateway.label" -}}
control-plane: envoy-gateway
{{- end -}}

{{/*
tars.envoyGateway.account ROOT: the ServiceAccount of the controllers. A new minor version of Envoy Gateway makes other proxies of
the same settings, so each has an account of its own: see rbac.yaml.
*/}}
{{- define "tars.envoyGateway.account" -}}
envoy-gateway-{{ regexFind "^v[0-9]+[.][0-9]+" (index .Chart.Annotations "tars.io/envoy-gateway") }}
{{- end -}}

{{/* Accounts of earlier releases; they exist for the controllers that an upgrade to this chart replaces. */}}
{{- define "tars.envoyGateway.earlierAccounts" -}}
- envoy-gateway
{{- end -}}

{{/* tars.envoyGateway.serving ROOT: who reads the configuration and serves it to the proxies, as subjects of a binding. */}}
{{- define "tars.envoyGateway.serving" -}}
{{- range prepend (include "tars.envoyGateway.earlierAccounts" . | fromYamlArray) (include "tars.envoyGateway.account" .) }}
- kind: ServiceAccount
  name: {{ . }}
  namespace: {{ include "tars.systemNamespace" $ }}
{{- end }}
{{- end -}}
