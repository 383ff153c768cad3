# What demonstrations need; read by demo.sh, centre.sh and docs/shots.sh, from the root of the source. STEPS is how many steps there are.

program=${PROGRAM:-.build/release/gridwarden}
cache=.build/demo
work=$(mktemp -d)
sudo=
if [ "$(id -u)" -ne 0 ]; then sudo=sudo; fi
step() { echo; echo "[$1/$STEPS] $2"; }

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

fetch_clip() { # vtest.avi out of Debian's opencv-doc, once
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
}

start_broker_and_camera() { # [clip]; sets port and url
    port=$(free_port)
    {
        echo "listener $port 127.0.0.1"
        echo "allow_anonymous true"
        if [ "$(id -u)" -eq 0 ]; then echo "user root"; fi
    } >"$work/mosquitto.conf"
    local mosquitto
    mosquitto=$(command -v mosquitto || echo /usr/sbin/mosquitto)
    "$mosquitto" -c "$work/mosquitto.conf" >"$work/mosquitto.log" 2>&1 &
    /usr/bin/python3 Tests/TestSupport/rtsp_server.py "${1:-$cache/vtest.mp4}" --exit-with-parent >"$work/url" 2>"$work/camera.log" &
    for _ in $(seq 100); do [ -s "$work/url" ] && break; sleep 0.1; done
    [ -s "$work/url" ] || fail "the RTSP server did not start; run 'make deps'"
    url=$(cat "$work/url")
    echo "  broker 127.0.0.1:$port, camera $url"
}

write_site() { # $work/gridwarden.yaml: 20 s are allowed in one zone
    mkdir -p "$cache/state"
    rm -rf "$cache/state" "$cache/evidence"
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
    "$program" check --config "$work/gridwarden.yaml" || fail "the configuration is wrong"
}

make_account() { # address of the page, name, password, the command that prints a code: as the page /setup does with it
    local base=$1 user=$2 password=$3 code=
    shift 3
    for _ in $(seq 100); do
        code=$("$@" 2>"$work/users.log" | sed -n 's/^code: //p') || true
        [ -n "$code" ] && break
        sleep 0.2
    done
    [ -n "$code" ] || fail "there is no code for an account"
    python3 - "$base" "$code" "$user" "$password" 2>"$work/account.log" <<'EOF' || fail "the account could not be made"
import json, sys, urllib.request
base, code, user, password = sys.argv[1:]
body = json.dumps({"code": code, "user": user, "password": password}).encode()
headers = {"Content-Type": "application/json", "Origin": base, "X-Gridwarden": "1"}
urllib.request.urlopen(urllib.request.Request(base + "/api/v1/setup", body, headers), timeout=30)
EOF
}
