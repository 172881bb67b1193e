{{/* An image by its values, with the chart's values at hand: (list . .Values.image). */}}
{{- define "emporium.image" -}}
{{- $root := index . 0 }}{{ $image := index . 1 -}}
{{- with $root.Values.imageRegistry | default $image.registry }}{{ . }}/{{ end }}{{ $image.repository -}}
{{- if $image.digest }}@{{ $image.digest }}{{ else }}:{{ $image.tag | default $root.Chart.AppVersion }}{{ end -}}
{{- end }}

{{/* Labels that pods are selected by. They never change: a Deployment whose selector would change cannot be upgraded. */}}
{{- define "emporium.selector" -}}
app.kubernetes.io/name: emporium
app.kubernetes.io/component: operator
{{- end }}

{{/* commonLabels as the block "labels" of metadata, or nothing. */}}
{{- define "emporium.labels" -}}
{{- with .Values.commonLabels }}
labels: {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{/* The objects of some files of config/, as they are there, with commonLabels: (list . "files/roles/*.yaml"). */}}
{{- define "emporium.verbatim" -}}
{{- $root := index . 0 -}}
{{- range $path, $_ := $root.Files.Glob (index . 1) }}
{{- range splitList "\n---\n" ($root.Files.Get $path) }}
{{- $object := fromYaml . }}
{{- with $root.Values.commonLabels }}
{{- $_ := set $object.metadata "labels" (merge (dict) (default dict $object.metadata.labels) .) }}
{{- end }}
---
{{ toYaml $object }}
{{- end }}
{{- end }}
{{- end }}

{{/* 90 % of limits.memory, by which Go's collector works more before the kernel kills. Nothing without a limit. */}}
{{- define "emporium.goMemLimit" -}}
{{- with dig "limits" "memory" "" (default dict .Values.resources) }}
{{- $mebibytes := ternary (trimSuffix "Gi" . | int64 | mul 1024) (trimSuffix "Mi" . | int64) (hasSuffix "Gi" .) }}
{{- printf "%dMiB" (div (mul $mebibytes 9) 10) }}
{{- end }}
{{- end }}

{{/* What the chart sets by itself may not be set a second time: of two flags the last one counts, and two variables of one name cannot be applied server-side. */}}
{{- define "emporium.refuse" -}}
{{- $ours := dict "--namespaces" "the value namespaces" "--leader-elect" "no value: it is always on" }}
{{- range .Values.extraArgs }}
{{- $flag := splitList "=" . | first }}
{{- if hasKey $ours $flag }}{{ fail (printf "extraArgs names %s, which the chart sets itself; use %s" $flag (get $ours $flag)) }}{{ end }}
{{- end }}
{{- $ours := dict "RELATED_IMAGE_FRONT_DOOR" "frontDoor.image" "RELATED_IMAGE_PUSH" "builds.pushImage" "RELATED_IMAGE_BUILDKIT" "builds.buildkitImage" "GOMEMLIMIT" "resources.limits.memory" }}
{{- $ours = merge $ours (dict "POD_NAME" "no value: it is always set" "POD_NAMESPACE" "no value: it is always set" "GOGC" "no value: it is always set") }}
{{- range .Values.extraEnv }}
{{- if hasKey $ours .name }}{{ fail (printf "extraEnv names %s, which the chart sets itself; use %s" .name (get $ours .name)) }}{{ end }}
{{- end }}
{{- end }}
