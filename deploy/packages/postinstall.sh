#!/bin/sh
# deb passes `configure` and the previous version, rpm the number of installed versions.
set -e
# In a container or a chroot, systemd does not run.
[ -d /run/systemd/system ] || exit 0
systemctl daemon-reload
case "$1/$2" in
    # An upgrade restarts a running exporter. An installation starts nothing, because
    # the configuration still names an example.
    configure/?* | [2-9]/*) systemctl try-restart nbu_exporter.service || true ;;
esac
