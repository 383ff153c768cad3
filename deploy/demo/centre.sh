#!/usr/bin/env bash
# Shows a grid centre: a broker, the daemon of demo.sh on a real stream, two simulated sites, and the centre with its page, until it is
# interrupted. Everything that it started ends with it.
set -euo pipefail
cd "$(dirname "$0")/../.."
STEPS=5
. deploy/demo/common.sh

# The page.
page=$(free_port)
page_configuration() { echo "  console: {listen: \"127.0.0.1:$page\"}"; }

step 1 "Fetching the clip: vtest.avi out of Debian's opencv-doc (92 MB are downloaded, 8 MB kept)"
fetch_clip

step 2 "Starting a broker and a camera on free loopback ports"
start_broker_and_camera

step 3 "Running the centre of the county 320583"
rm -rf "$cache/centre"
mkdir -p "$cache/centre"
cat >"$work/centre.yaml" <<EOF
centre:
  id: kunshan
  area: "320583"
  store: $PWD/$cache/centre/centre.sqlite
  brokers: [{host: 127.0.0.1, port: $port}]
  routes: [{id: police, kind: parking.*, department: traffic-police, topic: true}]
$(page_configuration)
EOF
"$program" centre check --config "$work/centre.yaml" || fail "the configuration is wrong"
"$program" centre --config "$work/centre.yaml" >"$work/centre.log" 2>&1 &
user=demo
password=$(python3 -c 'import secrets; print(secrets.token_urlsafe(12))')
make_account "http://127.0.0.1:$page" "$user" "$password" "$program" centre users setup --config "$work/centre.yaml"

step 4 "Running the daemon on the stream, and two simulated sites of four cameras; a case is due after some 20 s"
write_site
"$program" run --config "$work/gridwarden.yaml" >"$work/daemon.log" 2>&1 &
# No real cameras: incidents out of a seed, one in ten seconds and site.
"$program" simulate run --port "$port" --area 320583102 --sites 2 --rate 0.1 --seconds 86400 --pictures >"$work/sites.log" 2>&1 &
found() { "$program" centre cases --config "$work/centre.yaml" --kind parking.motor --area 320583102201 --json 2>/dev/null; }
for _ in $(seq 90); do
    if found | grep -q '"place"[ :]*"demo'; then break; fi
    sleep 1
done
found | grep -q '"place"[ :]*"demo' || fail "the daemon's alert made no case within 90 s"
"$program" centre cases --config "$work/centre.yaml"

step 5 "Open the page; Ctrl-C ends everything"
echo "  http://127.0.0.1:$page/  account $user, password $password"
wait
