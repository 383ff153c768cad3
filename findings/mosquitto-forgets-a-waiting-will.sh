#!/bin/bash
# mosquitto 2.0.11-1.2+deb12u2 (Debian 12; with mosquitto-clients and libmosquitto1 of the same version), MQTT 5.
#
# Expected: a last will with a Will Delay Interval waits until the interval has passed or the session ends, whichever is first
# (MQTT 5, 3.1.3.2.2), and a CONNECT with Clean Start 1 ends the old session (3.1.2.4). So where another client
# takes the id over with Clean Start, the first one's will comes, at once.
# Seen: it never comes, neither then nor after the interval. Without an interval it comes at the takeover, and with one it
# comes after it where the client is killed and nobody takes its place.
#
# So whoever delays his will is silently replaced by a stranger of the same id, and subscribers go on believing the last state.
# A third of a minute. Ends with 1 where any of this changes.
set -u
version=2.0.11-1.2+deb12u2
work=$(mktemp -d)
pids=
trap 'kill -9 $pids 2>/dev/null; wait 2>/dev/null; rm -rf "$work"' EXIT
cd "$work" || exit 1
apt-get download "libmosquitto1=$version" "mosquitto=$version" "mosquitto-clients=$version" \
    libcjson1 libwebsockets17 libdlt2 libuv1 libev4 >apt.log 2>&1 || { cat apt.log; exit 1; }
for package in *.deb; do dpkg -x "$package" root; done
export LD_LIBRARY_PATH=$work/root/usr/lib/x86_64-linux-gnu
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
printf 'listener %s 127.0.0.1\nallow_anonymous true\nuser %s\n' "$port" "$(id -un)" >conf
root/usr/sbin/mosquitto -c conf >broker.log 2>&1 &
pids="$pids $!"
sleep 1
client() { exec root/usr/bin/mosquitto_sub -p "$port" -V mqttv5 "$@"; }

trial() { # name, seconds of delay, how it ends
    local delay=()
    [ "$2" = 0 ] || delay=(-D will will-delay-interval "$2")
    (client -i watch-"$1" -t will/"$1" -W 7 >"$1.out" 2>/dev/null) & local watch=$!
    (client -i "$1" -c -x 60 -t none --will-topic will/"$1" --will-payload gone "${delay[@]}" >/dev/null 2>&1) & local first=$!
    pids="$pids $watch $first"
    sleep 1
    case $3 in
        killed) kill -9 "$first" ;;
        # The option -c would continue the session; without it Clean Start is 1.
        replaced) (client -i "$1" -t none >/dev/null 2>&1) & pids="$pids $!"; sleep 0.3; kill -9 "$first" ;;
    esac
    wait "$watch" 2>/dev/null
    echo "$1: will '$(cat "$1.out")'"
}
trial at-once 0 replaced
trial killed 2 killed
trial replaced 2 replaced
[ "$(cat at-once.out)" = gone ] && [ "$(cat killed.out)" = gone ] && [ -z "$(cat replaced.out)" ]
