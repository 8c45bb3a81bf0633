{{/* The pod of the Deployment, and of the StatefulSet. */}}
{{- define "nbu-exporter.pod" -}}
{{- $keys := include "nbu-exporter.keysSecret" . -}}
metadata:
  labels: {{- merge (include "nbu-exporter.selector" . | fromYaml) .Values.podLabels | toYaml | nindent 4 }}
  # No checksum of the configuration: the exporter reloads it without a restart.
  {{- with .Values.podAnnotations }}
  annotations: {{- toYaml . | nindent 4 }}
  {{- end }}
spec:
  automountServiceAccountToken: false
  {{- with .Values.imagePullSecrets }}
  imagePullSecrets: {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .Values.priorityClassName }}
  priorityClassName: {{ . }}
  {{- end }}
  securityContext:
    runAsNonRoot: true
    runAsUser: 65534
    runAsGroup: 65534
    fsGroup: 65534
    seccompProfile: { type: RuntimeDefault }
  {{- if and .Values.guest.image (eq .Values.guest.method "copy") }}
  initContainers:
    - name: guest
      image: {{ .Values.guest.image }}
      imagePullPolicy: {{ .Values.guest.pullPolicy }}
      command: [cp, -R, "{{ .Values.guest.folder }}/.", /etc/nbu_exporter/guest]
      resources: {{- toYaml .Values.resources | nindent 8 }}
      securityContext: {{- include "nbu-exporter.containerSecurity" . | nindent 8 }}
      volumeMounts:
        - { name: guest, mountPath: /etc/nbu_exporter/guest }
  {{- end }}
  containers:
    - name: nbu-exporter
      image: {{ include "nbu-exporter.image" . }}
      imagePullPolicy: {{ .Values.image.pullPolicy }}
      args:
        - --config.file=/etc/nbu_exporter/config/config.yaml
        {{- if .Values.web.existingSecret }}
        - --web.config.file=/etc/nbu_exporter/web/web.yaml
        {{- end }}
        {{- with .Values.sharding.replicas }}
        - --shard.count={{ . }}
        {{- end }}
        {{- with .Values.extraArgs }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
      {{- if or .Values.env .Values.sharding.replicas }}
      env:
        {{- if .Values.sharding.replicas }}
        # Ends in the number of this replica.
        - { name: POD_NAME, valueFrom: { fieldRef: { fieldPath: metadata.name } } }
        {{- end }}
        {{- with .Values.env }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
      {{- end }}
      {{- with .Values.envFrom }}
      envFrom: {{- toYaml . | nindent 8 }}
      {{- end }}
      ports:
        - { name: metrics, containerPort: {{ include "nbu-exporter.port" . }} }
      # Neither asks NetBackup: an outage there must not restart the exporter.
      livenessProbe: {{- include "nbu-exporter.probe" (list . "/-/healthy") | nindent 8 }}
      readinessProbe: {{- include "nbu-exporter.probe" (list . "/-/ready") | nindent 8 }}
      resources: {{- toYaml .Values.resources | nindent 8 }}
      securityContext: {{- include "nbu-exporter.containerSecurity" . | nindent 8 }}
      volumeMounts:
        # Folders, not `subPath`, which Kubernetes never updates.
        - { name: config, mountPath: /etc/nbu_exporter/config, readOnly: true }
        {{- if $keys }}
        - { name: keys, mountPath: /etc/nbu_exporter/keys, readOnly: true }
        {{- end }}
        {{- if .Values.web.existingSecret }}
        - { name: web, mountPath: /etc/nbu_exporter/web, readOnly: true }
        {{- end }}
        {{- if .Values.guest.image }}
        - { name: guest, mountPath: /etc/nbu_exporter/guest, readOnly: true }
        {{- end }}
        {{- if .Values.persistence.enabled }}
        # The state is in a subfolder, which the exporter creates and owns.
        - { name: state, mountPath: /var/lib/nbu_exporter }
        {{- end }}
        {{- with .Values.extraVolumeMounts }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
  volumes:
    - name: config
      configMap: { name: {{ include "nbu-exporter.fullname" . }} }
    {{- with $keys }}
    - name: keys
      # Only `fsGroup` can read them.
      secret: { secretName: {{ . }}, defaultMode: 0440 }
    {{- end }}
    {{- with .Values.web.existingSecret }}
    - name: web
      secret: { secretName: {{ . }}, defaultMode: 0440 }
    {{- end }}
    {{- if .Values.guest.image }}
    - name: guest
      {{- if eq .Values.guest.method "volume" }}
      image: { reference: {{ .Values.guest.image }}, pullPolicy: {{ .Values.guest.pullPolicy }} }
      {{- else }}
      emptyDir: { sizeLimit: 64Mi }
      {{- end }}
    {{- end }}
    {{- if and .Values.persistence.enabled (not .Values.sharding.replicas) }}
    - name: state
      persistentVolumeClaim:
        claimName: {{ default (include "nbu-exporter.fullname" .) .Values.persistence.existingClaim }}
    {{- end }}
    {{- with .Values.extraVolumes }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  {{- with .Values.nodeSelector }}
  nodeSelector: {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .Values.tolerations }}
  tolerations: {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .Values.affinity }}
  affinity: {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end }}
