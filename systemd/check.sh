#!/usr/bin/env bash
# Checks that the unit stays hardened: an exposure of at most 2.0, as systemd counts it.
set -euo pipefail
cd "$(dirname "$0")"
if ! command -v systemd-analyze >/dev/null; then
    echo "There is no systemd-analyze here: the unit's hardening is not checked."
    exit 0
fi
systemd-analyze security --offline=true --no-pager --threshold=20 gridwarden.service >/dev/null || {
    systemd-analyze security --offline=true --no-pager gridwarden.service | tail -1 >&2
    echo "The unit's exposure is above 2.0: 'systemd-analyze security --offline=true systemd/gridwarden.service' shows why." >&2
    exit 1
}
