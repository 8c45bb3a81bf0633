#!/bin/sh
# Builds an image of the program, runs it without privileges, and saves it as an OCI
# archive: image.sh PROGRAM VERSION ARCHIVE. Needs podman.
set -eu
program=$1 version=$2 archive=$3
here=$(dirname "$0")
context=target/stage/image
image=localhost/nbu_exporter:$version
# Without systemd, podman cannot use its default manager. `crun` needs cgroups that it may write.
podman="podman --cgroup-manager cgroupfs"
runtime=
if command -v runc >/dev/null; then runtime="--runtime runc"; fi

fail() {
    echo "image.sh: $1" >&2
    exit 1
}

fill_context() {
    rm -rf $context
    mkdir -p $context/root/etc/ssl/certs $context/root/usr/share/licenses $context/state
    chmod 700 $context/state
    install -D -m 755 "$program" $context/root/usr/local/bin/nbu_exporter
    for library in $(ldd "$program" | grep -o '/[^ ]*'); do
        install -D -m 755 "$library" "$context/root$library"
    done
    # For sites with a certificate of a public authority. Other sites need a `caFile`.
    for bundle in /etc/ssl/certs/ca-certificates.crt /etc/pki/tls/certs/ca-bundle.crt; do
        [ ! -e $bundle ] || install -m 644 $bundle $context/root/etc/ssl/certs/ca-certificates.crt
    done
    [ -e $context/root/etc/ssl/certs/ca-certificates.crt ] || fail "no bundle of CA certificates"
    echo 'hosts: files dns' >$context/root/etc/nsswitch.conf
    echo 'nobody:x:65534:65534:nobody:/:/sbin/nologin' >$context/root/etc/passwd
    cp LICENSE $context/root/usr/share/licenses/nbu_exporter
    notices=target/stage/doc/third-party-notices.gz
    [ ! -e $notices ] || cp $notices $context/root/usr/share/licenses/
    for package in libc6 libgcc-s1 ca-certificates; do
        text=/usr/share/doc/$package/copyright
        [ ! -e $text ] || cp -L $text $context/root/usr/share/licenses/$package
    done
}

build() {
    $podman build --quiet --isolation chroot --format oci --timestamp "$SOURCE_DATE_EPOCH" \
        --build-arg VERSION="$version" --file "$here/Containerfile.scratch" --tag "$image" $context
}

# As the Kubernetes example does: no capability, nothing to write, not root.
run() {
    # shellcheck disable=SC2086
    $podman run $runtime --ulimit nofile=1024:1024 --ulimit nproc=1024:1024 --network host \
        --read-only --cap-drop all --security-opt no-new-privileges --user 65534 "$@"
}

try() {
    run --rm "$image" --version
    mkdir -p target/stage/etc
    # Nothing listens there: the exporter must start without NetBackup.
    echo 'nbuserver: { site: test, host: 127.0.0.1, port: 9, scheme: http, apiKey: none }' \
        >target/stage/etc/config.yaml
    container=$(run --detach --volume "$PWD/target/stage/etc:/etc/nbu_exporter:ro" "$image" \
        --config.file=/etc/nbu_exporter/config.yaml --web.listen-address=127.0.0.1:0)
    trap '$podman rm --force "$container" >/dev/null' EXIT
    # Ready means that the guest was compiled.
    for _ in $(seq 60); do
        address=$($podman logs "$container" 2>&1 | sed -n 's/.*address=\([0-9.:]*\).*/\1/p' | head -n 1)
        [ -z "$address" ] || ! curl --silent --fail "http://$address/-/ready" || break
        sleep 1
    done
    curl --silent --fail "http://$address/-/ready" >/dev/null || fail "not ready: $($podman logs "$container" 2>&1)"
    echo "/health: $(curl --silent "http://$address/health")"
    curl --silent "http://$address/metrics" | grep '^nbu_exporter_build_info' || fail "no metrics"
    $podman stop --time 15 "$container" >/dev/null
    [ "$($podman inspect --format '{{.State.ExitCode}}' "$container")" = 0 ] || fail "SIGTERM was not enough"
}

fill_context
build
try
rm -f "$archive"
$podman save --quiet --format oci-archive --output "$archive" "$image"
