#!/bin/sh
# deb passes `remove` or `upgrade`, rpm the number of versions that remain.
set -e
[ -d /run/systemd/system ] || exit 0
case "$1" in
    remove | 0) systemctl --no-reload disable --now nbu_exporter.socket nbu_exporter.service || true ;;
esac
