#!/bin/bash
# libmosquitto1 2.0.11-1.2+deb12u2 (with mosquitto and mosquitto-clients of the same version, Debian 12).
#
# Expected: a client that publishes with the retain flag to a broker whose CONNACK says "retain available: 0" gets an error
# (mosquitto.h has MOSQ_ERR_RETAIN_NOT_SUPPORTED), or the packet goes out as it was asked for.
# Seen: with MQTT 5 the library clears the flag and reports success: "sending PUBLISH (d0, q1, r0, ...)", PUBACK, exit 0. The
# message reaches who is subscribed and is not kept, and the caller never learns. With MQTT 3.1.1 to the same broker the flag
# goes out (r1) and the broker hangs up without a word: "The connection was lost", exit 7.
#
# So whoever needs retained states has to read the property himself. Ends with 1 where any of this changes.
set -u
version=2.0.11-1.2+deb12u2
work=$(mktemp -d)
trap 'kill "${broker:-0}" 2>/dev/null; wait 2>/dev/null; rm -rf "$work"' EXIT
cd "$work" || exit 1
apt-get download "libmosquitto1=$version" "mosquitto=$version" "mosquitto-clients=$version" \
    libcjson1 libwebsockets17 libdlt2 libuv1 libev4 >apt.log 2>&1 || { cat apt.log; exit 1; }
for package in *.deb; do dpkg -x "$package" root; done
export LD_LIBRARY_PATH=$work/root/usr/lib/x86_64-linux-gnu
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
printf 'listener %s 127.0.0.1\nallow_anonymous true\nretain_available false\nuser %s\n' "$port" "$(id -un)" >conf
root/usr/sbin/mosquitto -c conf >broker.log 2>&1 &
broker=$!
sleep 1
pub() { timeout 10 root/usr/bin/mosquitto_pub -p "$port" -t a -m b -q 1 -r -d "$@" 2>&1; echo "exit $?"; }
new=$(pub -V mqttv5)
old=$(pub -V mqttv311)
printf '== MQTT 5\n%s\n== MQTT 3.1.1\n%s\n' "$new" "$old"
[[ $new == *"sending PUBLISH (d0, q1, r0"* && $new == *PUBACK* && $new == *"exit 0"* ]] &&
    [[ $old == *"sending PUBLISH (d0, q1, r1"* && $old == *"exit 7"* ]]
