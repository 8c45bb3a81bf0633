"""Writes what the program contains: crates.py VERSION FEATURES BILL NOTICES.

BILL is a bill of materials (CycloneDX 1.5): the crates of the host and of the guest,
which is inside the program, so no tool that reads one crate finds both. NOTICES has the
texts of their licences, which most of them require.
"""

import gzip
import json
import os
import pathlib
import subprocess
import sys
import tomllib
import uuid

HOST, GUEST = "host-tuple", "wasm32-wasip2"
TEXTS = ("LICENSE", "LICENCE", "COPYING", "COPYRIGHT", "NOTICE", "UNLICENSE")


def cargo(*arguments):
    command = [os.environ.get("CARGO", "cargo"), *arguments, "--locked"]
    return subprocess.run(command, check=True, text=True, stdout=subprocess.PIPE).stdout


def crates_of(part, target, features):
    """Names and versions of the crates that are linked, without macros and build scripts."""
    edges = ["--edges", "normal,no-proc-macro", "--prefix", "none", "--format", "{p}"]
    tree = cargo("tree", "--package", part, "--target", target, *features, *edges)
    return {tuple(line.split()[:2]) for line in tree.splitlines() if line}


def packages():
    targets = ["--filter-platform", HOST, "--filter-platform", GUEST]
    metadata = json.loads(cargo("metadata", "--format-version", "1", "--all-features", *targets))
    return {(one["name"], f"v{one['version']}"): one for one in metadata["packages"]}


def component(package, checksum):
    name, version = package["name"], package["version"]
    made = {
        "type": "library",
        "bom-ref": f"pkg:cargo/{name}@{version}",
        "name": name,
        "version": version,
        "purl": f"pkg:cargo/{name}@{version}",
    }
    if package["license"]:
        # Older crates write `/` for OR.
        made["licenses"] = [{"expression": package["license"].replace("/", " OR ")}]
    if checksum:
        made["hashes"] = [{"alg": "SHA-256", "content": checksum}]
    return made


def bill(version, found):
    with open("Cargo.lock", "rb") as file:
        locked = tomllib.load(file)["package"]
    checksums = {(one["name"], one["version"]): one.get("checksum") for one in locked}
    components = [component(one, checksums[one["name"], one["version"]]) for one in found]
    # The same content gives the same number.
    serial = uuid.uuid5(uuid.NAMESPACE_URL, json.dumps(components))
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "serialNumber": f"urn:uuid:{serial}",
        "version": 1,
        "metadata": {"component": {
            "type": "application", "bom-ref": "nbu_exporter", "name": "nbu_exporter", "version": version,
        }},
        "components": components,
    }


def notices(found):
    """Each text once, below the crates that have it."""
    texts = {}
    for package in found:
        folder = pathlib.Path(package["manifest_path"]).parent
        files = [file for file in sorted(folder.iterdir()) if file.name.upper().startswith(TEXTS)]
        heading = f"{package['name']} {package['version']} ({package['license']})"
        if not package["source"]:
            continue
        for file in filter(pathlib.Path.is_file, files):
            texts.setdefault(file.read_text(errors="replace").strip(), []).append(heading)
        if not files:
            texts.setdefault("(The crate has no file with its licence.)", []).append(heading)
    rule = "=" * 78
    parts = [f"{rule}\n" + "\n".join(headings) + f"\n{rule}\n\n{text}\n" for text, headings in texts.items()]
    return "\n".join(parts)


def main(version, features, bill_path, notices_path):
    names = crates_of("nbu_exporter", HOST, ["--no-default-features", "--features", features])
    names |= crates_of("guest", GUEST, [])
    known = packages()
    found = [known[name] for name in sorted(names)]
    pathlib.Path(bill_path).write_text(json.dumps(bill(version, found), indent=2) + "\n")
    with open(notices_path, "wb") as file:
        file.write(gzip.compress(notices(found).encode(), mtime=0))
    print(f"{len(found)} crates")


if __name__ == "__main__":
    main(*sys.argv[1:])
