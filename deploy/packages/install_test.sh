#!/bin/sh
# Installs, upgrades, removes and purges the packages in a chroot, and checks the files
# and the requests to systemd of each step: install_test.sh OLD NEW. Each is a folder with a deb and
# an rpm; the new ones have another `environment`. Needs root and debootstrap.
set -eu
cd "$(dirname "$0")/../.."
old=$(realpath "$1") new=$(realpath "$2")
root=$PWD/target/chroot
environment=$root/etc/nbu_exporter/environment
if [ ! -e "$root/complete" ]; then
    debootstrap --variant=minbase bookworm "$root" >target/debootstrap.log
    touch "$root/complete"
fi
cp "$old"/nbu-exporter_*.deb "$root/nbu-exporter.deb"
cp "$new"/nbu-exporter_*.deb "$root/new-nbu-exporter.deb"
cp "$old"/nbu-exporter-sdk_*.deb "$root/sdk-nbu-exporter.deb"
# The compiler process starts from `/proc/self/exe`.
mount -t proc proc "$root/proc"
trap 'umount "$root/proc"' EXIT

fail() {
    echo "install_test: $1" >&2
    exit 1
}
in_root() {
    chroot "$root" "$@"
}
# Mode and owner of a file.
expect_rights() {
    found=$(stat --format '%a %U' "$root$1")
    [ "$found" = "$2" ] || fail "expected the rights $2 of $1, found $found"
}
# A stand-in for systemd, which logs its requests.
start_systemd() {
    mkdir -p "$root/run/systemd/system"
    printf '#!/bin/sh\necho "$*" >>/systemctl.log\n' >"$root/usr/bin/systemctl"
    chmod 755 "$root/usr/bin/systemctl"
}
stop_systemd() {
    rm -rf "$root/run/systemd" "$root/usr/bin/systemctl" "$root/systemctl.log"
}
# The requests of the last step, in their order.
expect_requests() {
    found=$(paste -sd ';' "$root/systemctl.log" 2>/dev/null || true)
    rm -f "$root/systemctl.log"
    [ "$found" = "$1" ] || fail "expected \`systemctl $1\`, found \`$found\`"
}
check_installed() {
    in_root nbu_exporter --version
    expect_rights /etc/nbu_exporter "755 root"
    expect_rights /etc/nbu_exporter/config.yaml "644 root"
    expect_rights /etc/nbu_exporter/environment "600 root"
    in_root sh -c 'set -a; . /etc/nbu_exporter/environment
        nbu_exporter check --config.file /etc/nbu_exporter/config.yaml'
    unit=$(find "$root/usr/lib/systemd/system" "$root/lib/systemd/system" -name nbu_exporter.service | head -n 1)
    grep -q '^ExecStart=/usr/bin/nbu_exporter ' "$unit" || fail "the unit starts another program"
}
expect_nothing_left() {
    left=$(find "$root" -xdev -name 'nbu[_-]exporter*' ! -name '*nbu-exporter.deb')
    [ -z "$left" ] || fail "the removal left $left"
}

stop_systemd
# What an interrupted test left.
in_root dpkg --purge nbu-exporter nbu-exporter-sdk >/dev/null 2>&1 || true
rpm --root "$root" --erase nbu-exporter nbu-exporter-sdk >/dev/null 2>&1 || true
rm -rf "$root/etc/nbu_exporter"

echo "== deb: install and purge without systemd"
in_root dpkg --install /nbu-exporter.deb
in_root dpkg --purge nbu-exporter

start_systemd
echo "== deb: the kit beside it"
in_root dpkg --install /nbu-exporter.deb /sdk-nbu-exporter.deb
in_root sh -c 'cd /tmp && nbu_exporter-sdk guest new guest --language python && rm -r guest'
in_root dpkg --purge nbu-exporter-sdk nbu-exporter
expect_nothing_left
rm -f "$root/systemctl.log"

echo "== deb: install"
in_root dpkg --install /nbu-exporter.deb
check_installed
expect_requests "daemon-reload"

echo "== deb: upgrade keeps a changed file"
echo 'NBU1_APIKEY=changed' >"$environment"
in_root dpkg --force-confold --install /new-nbu-exporter.deb
check_installed
grep -q changed "$environment" || fail "the upgrade lost a change"
expect_requests "daemon-reload;try-restart nbu_exporter.service"

echo "== deb: remove keeps the configuration"
in_root dpkg --remove nbu-exporter
[ -e "$environment" ] || fail "the removal lost the configuration"
[ ! -e "$root/usr/bin/nbu_exporter" ] || fail "the removal left the program"
expect_requests "--no-reload disable --now nbu_exporter.socket nbu_exporter.service;daemon-reload"

echo "== deb: purge leaves nothing"
mkdir -p "$root/var/lib/private/nbu_exporter/state"
in_root dpkg --purge nbu-exporter
expect_nothing_left
rm -f "$root/systemctl.log"

if command -v rpm >/dev/null; then
    # The chroot is Debian's, so nothing there provides what an rpm depends on.
    install="rpm --root $root --nodeps"
    echo "== rpm: install"
    $install --install "$old"/nbu-exporter-[0-9]*.rpm
    check_installed
    expect_requests "daemon-reload"

    echo "== rpm: upgrade keeps a changed file"
    echo 'NBU1_APIKEY=changed' >"$environment"
    $install --upgrade "$new"/nbu-exporter-[0-9]*.rpm
    grep -q changed "$environment" || fail "the upgrade lost a change"
    expect_requests "daemon-reload;try-restart nbu_exporter.service"

    echo "== rpm: remove"
    $install --erase nbu-exporter
    [ ! -e "$root/usr/bin/nbu_exporter" ] || fail "the removal left the program"
    expect_requests "--no-reload disable --now nbu_exporter.socket nbu_exporter.service;daemon-reload"
    rm -rf "$root/etc/nbu_exporter"
    $install --install "$old"/nbu-exporter-sdk-*.rpm
    in_root nbu_exporter-sdk --version
    $install --erase nbu-exporter-sdk
    expect_nothing_left
fi
stop_systemd
