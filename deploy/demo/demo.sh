#!/usr/bin/env bash
# Shows one alert, from a real stream to a subscriber of a real broker, and stops everything that it started.
set -euo pipefail
cd "$(dirname "$0")/../.."
STEPS=5
. deploy/demo/common.sh

step 1 "Fetching the clip: vtest.avi out of Debian's opencv-doc (92 MB are downloaded, 8 MB kept)"
fetch_clip

step 2 "Starting a broker and a camera on free loopback ports"
start_broker_and_camera

step 3 "Writing a configuration: 20 s are allowed in one zone"
write_site

step 4 "Running the daemon; the alert is due after some 20 s"
"$program" run --config "$work/gridwarden.yaml" >"$work/daemon.log" 2>&1 &

step 5 "Watching the county 320583 as its grid centre would"
"$program" watch --port "$port" --area 320583 --count 1 --timeout 90 --evidence "$cache/evidence" \
    2>"$work/watch.log" > >(tee "$work/alert") &
# In the background, so that an interruption is heard at once.
wait $! || true
sleep 0.2
grep -q parking.motor "$work/alert" || fail "no alert came within 90 s"
echo
echo "That was one alert for one violation. The pictures above stay in $cache/evidence."
