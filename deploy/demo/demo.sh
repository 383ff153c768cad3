#!/usr/bin/env bash
# Shows one alert, from a real stream to a subscriber of a real broker, and stops everything that it started.
set -euo pipefail
cd "$(dirname "$0")/../.."

cache=.build/demo
work=$(mktemp -d)
sudo=
if [ "$(id -u)" -ne 0 ]; then sudo=sudo; fi
step() { echo; echo "[$1/5] $2"; }

cleanup() {
    for pid in $(jobs -rp); do kill "$pid" 2>/dev/null || true; done
    for _ in $(seq 100); do
        # Those that ended are reaped by the shell and are jobs no more.
        [ -z "$(jobs -rp)" ] && break
        sleep 0.1
    done
    for pid in $(jobs -rp); do kill -KILL "$pid" 2>/dev/null || true; done
    wait 2>/dev/null || true
    rm -rf "$work"
}
trap cleanup EXIT
trap 'exit 130' INT TERM

fail() {
    echo >&2
    echo "The demo failed: $1" >&2
    for log in "$work"/*.log; do
        if [ -s "$log" ]; then
            echo "--- the end of $(basename "$log")" >&2
            tail -15 "$log" >&2
        fi
    done
    exit 1
}

free_port() {
    python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

step 1 "Fetching the clip: vtest.avi out of Debian's opencv-doc (92 MB are downloaded, 8 MB kept)"
mkdir -p "$cache"
if [ ! -s "$cache/vtest.mp4" ]; then
    # apt's own download user may write here.
    mkdir -m 777 "$work/package"
    download() { (cd "$work/package" && apt-get download -q opencv-doc) >"$work/download.log" 2>&1; }
    # Without package lists, or with old ones, fetch them once.
    download || { $sudo apt-get update -q >"$work/update.log" 2>&1 && download; } \
        || fail "opencv-doc could not be downloaded; check the network, run 'apt-get update' as root and try again"
    dpkg-deb --fsys-tarfile "$work"/package/opencv-doc_*.deb \
        | tar -xO ./usr/share/doc/opencv-doc/examples/data/vtest.avi >"$work/vtest.avi"
    ffmpeg -nostdin -v error -y -i "$work/vtest.avi" -c:v libx264 -preset veryfast -pix_fmt yuv420p -bf 0 -g 20 \
        -keyint_min 20 -sc_threshold 0 -movflags +faststart "$work/vtest.mp4" 2>"$work/transcode.log" \
        || fail "the clip could not be transcoded"
    mv "$work/vtest.mp4" "$cache/vtest.mp4"
fi
echo "  $cache/vtest.mp4"

step 2 "Starting a broker and a camera on free loopback ports"
port=$(free_port)
mkdir -p "$cache/state"
rm -rf "$cache/state" "$cache/evidence"
{
    echo "listener $port 127.0.0.1"
    echo "allow_anonymous true"
    if [ "$(id -u)" -eq 0 ]; then echo "user root"; fi
} >"$work/mosquitto.conf"
mosquitto=$(command -v mosquitto || echo /usr/sbin/mosquitto)
"$mosquitto" -c "$work/mosquitto.conf" >"$work/mosquitto.log" 2>&1 &
/usr/bin/python3 Tests/TestSupport/rtsp_server.py "$cache/vtest.mp4" --exit-with-parent >"$work/url" 2>"$work/camera.log" &
for _ in $(seq 100); do [ -s "$work/url" ] && break; sleep 0.1; done
[ -s "$work/url" ] || fail "the RTSP server did not start; run 'make deps'"
url=$(cat "$work/url")
echo "  broker 127.0.0.1:$port, camera $url"

step 3 "Writing a configuration: 20 s are allowed in one zone"
cat >"$work/gridwarden.yaml" <<EOF
site:
  id: demo
  area: "320583102201"
  grid: "003"
  microgrid: "02"
  state_directory: $cache/state
  models_directory: models/prepared
broker:
  host: 127.0.0.1
  port: $port
evidence:
  directory: $cache/evidence
cameras:
  - id: cam-01
    name: Yard
    url: $url
    purpose: demonstration with a public clip
    signage_confirmed: true
    zones:
      - id: np1
        name: Entrance
        polygon: [[0.82, 0.10], [0.95, 0.07], [0.96, 0.19], [0.83, 0.20]]
        rules:
          parking.motor: { dwell: 20 }
EOF
.build/release/gridwarden check --config "$work/gridwarden.yaml" || fail "the configuration is wrong"

step 4 "Running the daemon; the alert is due after some 20 s"
.build/release/gridwarden run --config "$work/gridwarden.yaml" >"$work/daemon.log" 2>&1 &

step 5 "Watching the county 320583 as its grid centre would"
.build/release/gridwarden watch --port "$port" --area 320583 --count 1 --timeout 90 --evidence "$cache/evidence" \
    2>"$work/watch.log" > >(tee "$work/alert") &
# In the background, so that an interruption is heard at once.
wait $! || true
sleep 0.2
grep -q parking.motor "$work/alert" || fail "no alert came within 90 s"
echo
echo "That was one alert for one violation. The pictures above stay in $cache/evidence."
