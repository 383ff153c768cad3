#!/usr/bin/env bash
# Checks that the units stay hardened: an exposure of at most 2.0, as systemd counts it.
set -euo pipefail
cd "$(dirname "$0")"
if ! command -v systemd-analyze >/dev/null; then
    echo "There is no systemd-analyze here: the hardening of the units is not checked."
    exit 0
fi
for unit in *.service; do
    systemd-analyze security --offline=true --no-pager --threshold=20 "$unit" >/dev/null || {
        systemd-analyze security --offline=true --no-pager "$unit" | tail -1 >&2
        echo "The exposure of $unit is above 2.0: 'systemd-analyze security --offline=true systemd/$unit' shows why." >&2
        exit 1
    }
done
