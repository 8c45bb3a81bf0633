{{- define "nbu-exporter.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" }}
{{- end }}

{{- define "nbu-exporter.fullname" -}}
{{- $name := include "nbu-exporter.name" . }}
{{- $full := ternary .Release.Name (printf "%s-%s" .Release.Name $name) (contains $name .Release.Name) }}
{{- default $full .Values.fullnameOverride | trunc 50 | trimSuffix "-" }}
{{- end }}

{{- define "nbu-exporter.selector" -}}
app.kubernetes.io/name: {{ include "nbu-exporter.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "nbu-exporter.labels" -}}
{{ include "nbu-exporter.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end }}

{{/* `metadata` of a resource. The list has the context, a suffix of the name, further
labels and annotations. */}}
{{- define "nbu-exporter.metadata" -}}
{{- $context := index . 0 }}
{{- $labels := merge (include "nbu-exporter.labels" $context | fromYaml) (index . 2) -}}
name: {{ include "nbu-exporter.fullname" $context }}{{ index . 1 }}
namespace: {{ $context.Release.Namespace }}
labels: {{- toYaml $labels | nindent 2 }}
{{- with index . 3 }}
annotations: {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{/* The configuration, with the folders that the chart mounts. */}}
{{- define "nbu-exporter.config" -}}
{{- $config := deepCopy .Values.config }}
{{- if .Values.persistence.enabled }}
{{- $config = mustMerge $config (dict "server" (dict "stateDir" "/var/lib/nbu_exporter/state")) }}
{{- end }}
{{- if .Values.guest.image }}
{{- $folder := ternary "/etc/nbu_exporter/guest" (printf "/etc/nbu_exporter/guest/%s" (trimAll "/" .Values.guest.folder)) (or (eq .Values.guest.method "copy") (eq .Values.guest.folder "/")) }}
{{- $config = mustMerge $config (dict "guest" (dict "path" (printf "%s/guest.wasm" $folder))) }}
{{- end }}
{{- toYaml $config }}
{{- end }}

{{- define "nbu-exporter.port" -}}
{{- dig "server" "port" 9440 .Values.config }}
{{- end }}

{{- define "nbu-exporter.metricsPath" -}}
{{- dig "server" "uri" "/metrics" .Values.config }}
{{- end }}

{{- define "nbu-exporter.image" -}}
{{- with .Values.image }}
{{- if .digest }}{{ .repository }}@{{ .digest }}
{{- else }}{{ .repository }}:{{ default $.Chart.AppVersion .tag }}
{{- end }}
{{- end }}
{{- end }}

{{- define "nbu-exporter.keysSecret" -}}
{{- if and .Values.keys.existingSecret .Values.keys.create }}
{{- fail "`keys.existingSecret` and `keys.create` exclude each other" }}
{{- end }}
{{- .Values.keys.existingSecret | default (ternary (include "nbu-exporter.fullname" .) "" (not (empty .Values.keys.create))) }}
{{- end }}

{{/* `spec` of a volume for the state. */}}
{{- define "nbu-exporter.claim" -}}
{{- if and .Values.sharding.replicas .Values.persistence.existingClaim }}
{{- fail "`sharding.replicas` and `persistence.existingClaim` exclude each other: each replica needs a volume of its own" }}
{{- end -}}
accessModes: {{- toYaml .Values.persistence.accessModes | nindent 2 }}
{{- with .Values.persistence.storageClass }}
storageClassName: {{ . }}
{{- end }}
resources:
  requests: { storage: {{ .Values.persistence.size }} }
{{- end }}

{{/* Privileges of every container. */}}
{{- define "nbu-exporter.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: { drop: [ALL] }
{{- end }}

{{- define "nbu-exporter.probe" -}}
httpGet:
  path: {{ index . 1 }}
  port: metrics
  {{- with (index . 0).Values.web }}
  scheme: {{ .scheme }}
  {{- with .probeHeaders }}
  httpHeaders: {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- end }}
{{- end }}
