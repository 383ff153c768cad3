#!/usr/bin/env bash
# Makes the pictures of docs/console.md in a real Chromium, in English and Chinese, of the program as it is built.
#
#     docs/shots.sh [FOLDER]        writes into FOLDER (.build/shots); copy the console-*.jpg that are to be shown into docs
#
# The scene is composed: one frame of vtest.avi (Debian's opencv-doc), cut so that nobody is in it, with some noise, as a
# stream. All else is real: detection, alert, masked pictures, page. Needs chromium.
set -euo pipefail
cd "$(dirname "$0")/.."
STEPS=4
. deploy/demo/common.sh
folder=${1:-.build/shots}
[ -x /usr/bin/chromium ] || fail "there is no /usr/bin/chromium: apt-get install chromium"
mkdir -p "$folder"

step 1 "Composing a scene of one frame without people"
fetch_clip
ffmpeg -nostdin -v error -y -ss 2 -i "$cache/vtest.mp4" -frames:v 1 -vf "crop=320:180:448:20,scale=1280:720:flags=lanczos" "$work/yard.png" \
    2>"$work/frame.log" || fail "the frame could not be cut"
ffmpeg -nostdin -v error -y -loop 1 -framerate 5 -i "$work/yard.png" -t 240 -vf "noise=alls=3:allf=t,format=yuv420p" -c:v libx264 \
    -preset veryfast -bf 0 -g 10 -keyint_min 10 -sc_threshold 0 "$work/yard.mp4" 2>"$work/scene.log" || fail "the scene could not be made"

step 2 "Running the daemon on it, with a console"
start_broker_and_camera "$work/yard.mp4"
page=$(free_port)
mkdir "$work/state"
cat >"$work/gridwarden.yaml" <<EOF
site: {id: edge-01, area: "320583102201", grid: "003", microgrid: "02", state_directory: $work/state, models_directory: models/prepared}
broker: {host: 127.0.0.1, port: $port}
evidence: {directory: $work/evidence}
console: {listen: "127.0.0.1:$page"}
cameras:
  - id: cam-01
    name: 东门 East gate
    url: $url
    purpose: demonstration with a composed scene
    signage_confirmed: true
    zones:
      - id: np1
        name: 消防通道 Fire lane
        polygon: [[0.61, 0.24], [0.88, 0.18], [0.92, 0.40], [0.62, 0.55]]
        rules:
          parking.motor: {dwell: 60}
EOF
"$program" check --config "$work/gridwarden.yaml" >"$work/check.log" || fail "the configuration is wrong"
"$program" run --config "$work/gridwarden.yaml" >"$work/daemon.log" 2>&1 &
password=$(python3 -c 'import secrets; print(secrets.token_urlsafe(12))')
make_account "http://127.0.0.1:$page" admin "$password" "$program" users setup --config "$work/gridwarden.yaml"

step 3 "Looking at the pages; the alert is due after a minute"
mkdir "$work/png"
python3 Tests/ConsoleTests/shots.py "http://127.0.0.1:$page" admin "$password" "$work/png" 2>"$work/shots.log" || fail "the pages could not be looked at"

step 4 "Writing $folder"
for picture in "$work"/png/*.png; do
    ffmpeg -nostdin -v error -y -i "$picture" -vf "scale='min(960,iw)':-2:flags=lanczos" -q:v 5 "$folder/$(basename "$picture" .png).jpg"
done
ls -l "$folder" | awk 'NR > 1 {print "  " $5 " " $9}'
