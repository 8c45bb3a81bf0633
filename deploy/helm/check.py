"""Validates what `helm template` printed for one set of values.

check.py FILE: Kubernetes' schemas, and those of the Prometheus operator in the folder
$CRDS. Rules, dashboards and privileges must be those of the other files in `deploy`.
Replicas must divide all sites.
With $PROGRAM, it also checks the configuration. Exits with 1 on a problem.
"""

import json
import os
import pathlib
import subprocess
import sys
import tempfile

import jsonschema
import kubernetes_validate
import yaml

DEPLOY = pathlib.Path(__file__).parent.parent
OPERATOR = "monitoring.coreos.com"
# Values of the examples that lead to no file here.
ABSENT = {"guest": ["path", "publicKey"], "nbuserver": ["caFile"], "server": ["stateDir"]}


def strict(schema):
    """The schema without room for unknown keys, as the API server's strict validation."""
    if isinstance(schema, list):
        return [strict(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    made = {key: strict(value) for key, value in schema.items()}
    if isinstance(schema.get("pattern"), str):
        # Go allows the flag anywhere, Python only at the start.
        made["pattern"] = schema["pattern"].replace("^(?i)", "(?i)^")
    closed = isinstance(schema.get("properties"), dict) and schema.get("type") == "object"
    if closed and not schema.get("x-kubernetes-preserve-unknown-fields"):
        made.setdefault("additionalProperties", False)
    return made


def operator_schemas(folder):
    schemas = {}
    for path in pathlib.Path(folder).glob(f"{OPERATOR}_*.yaml"):
        definition = yaml.safe_load(path.read_text())["spec"]
        for version in definition["versions"]:
            schema = strict(version["schema"]["openAPIV3Schema"])
            schema["properties"]["metadata"] = {"type": "object"}
            schemas[f"{OPERATOR}/{version['name']}", definition["names"]["kind"]] = schema
    return schemas


def validate(resource, schemas):
    kind = resource["apiVersion"], resource["kind"]
    if not kind[0].startswith(OPERATOR):
        kubernetes_validate.validate(resource, "1.36", strict=True)
    elif kind in schemas:
        jsonschema.validate(resource, schemas[kind])


def compare_rules(resource):
    """The rules keep everything but the address of the runbooks."""
    text = (DEPLOY / "prometheus/rules.yml").read_text()
    links = [rule["annotations"]["runbook_url"] for group in resource["spec"]["groups"]
             for rule in group["rules"] if "alert" in rule]
    place = links[0].split("/docs/")[0]
    expected = yaml.safe_load(text.replace("https://example.com/nbu_exporter", place))
    assert resource["spec"] == expected, "the PrometheusRule differs from rules.yml"


def privileges(deployment):
    """What the pod and its containers may do, and what the probes ask."""
    pod = deployment["spec"]["template"]["spec"]
    contexts = {json.dumps(one["securityContext"]) for one in pod.get("initContainers", []) + pod["containers"]}
    main = pod["containers"][0]
    probes = [main[name]["httpGet"]["path"] for name in ("livenessProbe", "readinessProbe")]
    return pod["securityContext"], contexts, probes, pod["automountServiceAccountToken"]


def compare_privileges(resource):
    """The chart gives no more than the example, whose privileges have tests."""
    manifests = yaml.safe_load_all((DEPLOY / "kubernetes/nbu_exporter.yaml").read_text())
    [example] = [one for one in manifests if one["kind"] == "Deployment"]
    assert privileges(resource) == privileges(example), "the privileges differ from deploy/kubernetes"


def check_replicas(resources):
    """Replicas of a StatefulSet divide all sites, and Prometheus scrapes each once."""
    kinds = {one["kind"]: one for one in resources}
    replicas = kinds.get("StatefulSet")
    if not replicas:
        return
    name, spec, pod = replicas["metadata"]["name"], replicas["spec"], replicas["spec"]["template"]
    main = pod["spec"]["containers"][0]
    assert f"--shard.count={spec['replicas']}" in main["args"], "`--shard.count` is not the number of replicas"
    assert main["env"][0]["name"] == "POD_NAME", "a replica does not know its number"
    mounted = {one["name"] for one in main["volumeMounts"]}
    known = pod["spec"]["volumes"] + [one["metadata"] for one in spec.get("volumeClaimTemplates", [])]
    assert mounted == {one["name"] for one in known}, "a volume is not mounted, or not defined"
    service = kinds["Service"]
    assert service["metadata"]["name"] == spec["serviceName"], "the replicas have no Service"
    assert service["spec"]["clusterIP"] == "None", "the Service reaches one replica at a time"
    [port] = service["spec"]["ports"]
    assert port["port"] == main["ports"][0]["containerPort"], "a Service without address cannot translate ports"
    if "ServiceMonitor" in kinds:
        wanted = kinds["ServiceMonitor"]["spec"]["selector"]["matchLabels"].items()
        assert wanted <= service["metadata"]["labels"].items(), "the ServiceMonitor has another Service"
    if "ScrapeConfig" in kinds:
        [targets] = kinds["ScrapeConfig"]["spec"]["staticConfigs"]
        place = f"{spec['serviceName']}.{service['metadata']['namespace']}.svc:{port['port']}"
        expected = [f"{name}-{index}.{place}" for index in range(spec["replicas"])]
        assert targets["targets"] == expected, "the ScrapeConfig does not scrape each replica once"


def compare_dashboards(resources):
    found = {}
    for resource in resources:
        for name, text in resource.get("data", {}).items():
            if name.startswith("netbackup-"):
                found[name.removeprefix("netbackup-")] = json.loads(text)
    expected = {path.name: json.loads(path.read_text()) for path in (DEPLOY / "grafana").glob("*.json")}
    assert not found or found == expected, "the dashboards differ from deploy/grafana"


def check_configuration(program, text):
    """Lets the program read the configuration, with invented keys."""
    config = yaml.safe_load(text)
    for section, keys in ABSENT.items():
        for key in keys:
            config.get(section, {}).pop(key, None)
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        (folder / "keys").mkdir()
        (folder / "keys/paris").write_text("key")
        text = yaml.safe_dump(config).replace("/etc/nbu_exporter", str(folder))
        (folder / "config.yaml").write_text(text)
        variables = {"PARIS_APIKEY": "key", "ROME_APIKEY": "key", "ROME_HOST": "nbu2.example.com"}
        command = [program, "check", "--config.file", folder / "config.yaml"]
        subprocess.run(command, check=True, env=variables, stdout=subprocess.DEVNULL)


def main(path):
    resources = [one for one in yaml.safe_load_all(pathlib.Path(path).read_text()) if one]
    crds = os.environ.get("CRDS")
    schemas = operator_schemas(crds) if crds else {}
    for resource in resources:
        validate(resource, schemas)
        if resource["kind"] == "PrometheusRule":
            compare_rules(resource)
        if resource["kind"] in ("Deployment", "StatefulSet"):
            compare_privileges(resource)
    compare_dashboards(resources)
    check_replicas(resources)
    program = os.environ.get("PROGRAM")
    for resource in resources:
        text = resource.get("data", {}).get("config.yaml")
        if program and text:
            check_configuration(program, text)


if __name__ == "__main__":
    try:
        main(sys.argv[1])
    except (AssertionError, jsonschema.ValidationError, kubernetes_validate.ValidationError,
            subprocess.CalledProcessError) as error:
        sys.exit(f"{sys.argv[1]}: {str(error).splitlines()[0]}")
