#!/usr/bin/env bash
# Installs the Debian packages that Gridwarden builds and tests with, as far as they are missing.
set -euo pipefail

packages=(
    pkg-config g++ libavformat-dev libavcodec-dev libswscale-dev libavutil-dev
    libopencv-core-dev libopencv-imgproc-dev libopencv-dnn-dev libfreetype-dev fonts-wqy-microhei libmosquitto-dev libssl-dev libsqlite3-dev zlib1g-dev libpq-dev
    mosquitto mosquitto-clients nats-server nginx-light postgresql ffmpeg python3 python3-venv python3-jsonschema python3-paho-mqtt iproute2
    python3-gi gir1.2-gst-rtsp-server-1.0 gstreamer1.0-plugins-base gstreamer1.0-plugins-good gstreamer1.0-plugins-bad
)

missing=()
for package in "${packages[@]}"; do
    dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'install ok installed' || missing+=("$package")
done
if [ ${#missing[@]} -eq 0 ]; then
    exit 0
fi

if [ "$(id -u)" -ne 0 ] && ! command -v sudo >/dev/null; then
    echo "These packages are missing: ${missing[*]}. Run 'make deps' as root once." >&2
    exit 1
fi
echo "Installing ${#missing[@]} Debian packages: ${missing[*]}"
export DEBIAN_FRONTEND=noninteractive
log=$(mktemp)
trap 'rm -f "$log"' EXIT
install() {
    ${SUDO:-} apt-get update -q && ${SUDO:-} env DEBIAN_FRONTEND=noninteractive \
        apt-get install -q -y --no-install-recommends "${missing[@]}"
}
if ! install >"$log" 2>&1; then
    tail -20 "$log" >&2
    echo "The packages could not be installed. Check the network and /etc/apt/sources.list, then run 'make deps' again." >&2
    exit 1
fi
# Where nginx was not there before, its service would answer on port 80 for nobody: the tests start their own.
if [[ " ${missing[*]} " == *" nginx-light "* && -n "$(pidof systemd || true)" ]]; then
    ${SUDO:-} systemctl disable --now nginx >/dev/null 2>&1 || true
fi
# Nor is PostgreSQL's own cluster of use: the tests start a server in a folder of their own.
if [[ " ${missing[*]} " == *" postgresql "* && -n "$(pidof systemd || true)" ]]; then
    ${SUDO:-} systemctl disable --now postgresql >/dev/null 2>&1 || true
fi
# The broker of the tests is started by the tests; the package's own must not run for that.
if [ -z "$(pidof systemd || true)" ] || ! systemctl is-enabled mosquitto >/dev/null 2>&1; then exit 0; fi
echo "Debian's mosquitto service runs now, on 127.0.0.1:1883; Gridwarden's demo and tests use ports of their own."
