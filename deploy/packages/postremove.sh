#!/bin/sh
# deb passes `remove`, `purge` or `upgrade`, rpm the number of versions that remain.
set -e
case "$1" in
    # The saved counters, in the folder that `StateDirectory=` created.
    purge) rm -rf /var/lib/private/nbu_exporter /var/lib/nbu_exporter ;;
esac
[ -d /run/systemd/system ] || exit 0
case "$1" in
    remove | 0) systemctl daemon-reload ;;
esac
