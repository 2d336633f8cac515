{{/* tars.mayOwn (dict "root" $ "live" OBJECT): "true" when the object is absent or belongs to this release. */}}
{{- define "tars.mayOwn" -}}
{{- if not .live -}}
true
{{- else -}}
{{- $manager := dig "metadata" "labels" "app.kubernetes.io/managed-by" "" .live -}}
{{- $name := dig "metadata" "annotations" "meta.helm.sh/release-name" "" .live -}}
{{- $namespace := dig "metadata" "annotations" "meta.helm.sh/release-namespace" "" .live -}}
{{- and (eq $manager "Helm") (eq $name .root.Release.Name) (eq $namespace .root.Release.Namespace) -}}
{{- end -}}
{{- end -}}
