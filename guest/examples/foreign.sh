#!/bin/sh
# Tests and builds the example guests in JavaScript and Python. What needs a package
# registry that does not answer is skipped, and the last line says so.
set -eu
cd "$(dirname "$0")/../.."
mkdir -p target/foreign
# An interrupted installation leaves packages that npm takes for complete ones.
rm -rf target/foreign/javascript* target/foreign/python*
cp -rL guest/examples/javascript guest/examples/python target/foreign/
cd target/foreign
skipped=

if (cd javascript && npm install --silent --fetch-retries 0); then
    (cd javascript && npm test --silent && npm run --silent build)
    mv javascript/guest.wasm javascript.wasm
else
    skipped="JavaScript (npm)"
fi

if python3 -m venv venv && venv/bin/pip install --quiet --retries 0 -r python/requirements.txt; then
    (
        cd python
        rm -rf bindings
        contract="../venv/bin/componentize-py --quiet --wit-path wit --world guest"
        $contract bindings bindings
        PYTHONPATH=bindings ../venv/bin/python -m unittest --quiet
        $contract componentize guest --output ../python.wasm
    )
else
    skipped="${skipped:+$skipped, }Python (pip)"
fi

[ -z "$skipped" ] || echo "SKIPPED: example guests without a registry: $skipped"
