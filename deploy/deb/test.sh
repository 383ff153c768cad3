#!/usr/bin/env bash
# Installs, runs, upgrades, removes and purges both packages in a fresh Debian 12. Needs root, the network and 2 GB in
# TMPDIR; 'make deb' comes first.
#
# Daemon and centre are started by hand as the users of their packages, with the installed paths and with their credentials
# where systemd would put them; where there is systemd-nspawn, also by their units, in a container that boots the same root.
set -euo pipefail
cd "$(dirname "$0")/../.."

[ "$(id -u)" -eq 0 ] || { echo "Run this as root." >&2; exit 1; }
for tool in mmdebstrap mosquitto mosquitto_sub ffmpeg sqlite3; do
    command -v "$tool" >/dev/null || { echo "$tool is missing: apt-get install mmdebstrap mosquitto mosquitto-clients ffmpeg sqlite3" >&2; exit 1; }
done

work=$(mktemp -d)
root=$work/root
cleanup() {
    for pid in $(jobs -rp); do kill -KILL "$pid" 2>/dev/null || true; done
    wait 2>/dev/null || true
    umount "$root/proc" 2>/dev/null || true
    rm -rf "$work"
}
trap cleanup EXIT
step() { echo "== $*"; }
fail() {
    echo "FAILED: $*" >&2
    for log in "$work"/*.log; do
        echo "--- the end of $(basename "$log")" >&2
        tail -n 15 "$log" >&2
    done
    exit 1
}
inside() { chroot "$root" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 DEBIAN_FRONTEND=noninteractive "$@"; }
# As the users of the packages and no others.
as_daemon=(
    chroot --userspec=gridwarden:gridwarden "$root" env -i PATH=/usr/bin:/bin
    CREDENTIALS_DIRECTORY=/run/credentials/gridwarden.service SWIFT_BACKTRACE=enable=no gridwarden
)
as_centre=(
    chroot --userspec=gridwarden-centre:gridwarden-centre "$root" env -i PATH=/usr/bin:/bin
    CREDENTIALS_DIRECTORY=/run/credentials/gridwarden-centre.service SWIFT_BACKTRACE=enable=no gridwarden centre
)
packages=(gridwarden gridwarden-centre)

step "building two versions"
deploy/deb/build.sh >"$work/old"
VERSION="$(.build/release/gridwarden --version)+next" deploy/deb/build.sh >"$work/new"
mapfile -t old <"$work/old"
mapfile -t new <"$work/new"
ls -l "${old[@]}" | awk '{ print "  " $5 " bytes, " $9 }'

step "a fresh Debian 12"
mmdebstrap --quiet --variant=apt bookworm "$root" >"$work/root.log" 2>&1 || fail "mmdebstrap"
mount -t proc proc "$root/proc"
inside apt-get update -q >"$work/update.log" 2>&1 || fail "the package lists"
before=$(inside du -sk --exclude=/proc --exclude=/var/cache / | cut -f1)
cp "${old[0]}" "$root/old.deb"
cp "${old[1]}" "$root/old-centre.deb"
cp "${new[0]}" "$root/new.deb"
cp "${new[1]}" "$root/new-centre.deb"

step "installing"
inside apt-get install -q -y --no-install-recommends /old.deb >"$work/install.log" 2>&1 || fail "the installation"
after=$(inside du -sk --exclude=/proc --exclude=/var/cache / | cut -f1)
echo "  $(((after - before) / 1024)) MB with all that it needs"
inside gridwarden --version
inside gridwarden models verify >/dev/null || fail "the models"
inside dpkg-query -W -f '${Maintainer}' gridwarden | grep -q ' <[^@]*[^<]@[^>]*>$' || fail "the maintainer"
for file in README.md SECURITY.md LICENSE docs/operator.md deploy/broker/nats/README.md copyright components.txt; do
    [ -s "$root/usr/share/doc/gridwarden/$file" ] || fail "the document $file"
done
[ ! -e "$root/usr/lib/systemd/system/gridwarden-centre.service" ] || fail "the daemon brings a centre along"
inside apt-get install -q -y --no-install-recommends /old-centre.deb >"$work/install.log" 2>&1 \
    || fail "the installation of the centre"
[ -s "$root/etc/gridwarden-centre/centre.example.yaml" ] || fail "the reference of the centre"
wanted() { [ -L "$root/etc/systemd/system/multi-user.target.wants/$1.service" ]; }
for package in "${packages[@]}"; do
    [ "$(inside stat -c '%U:%G %a' "/var/lib/$package")" = "$package:$package 750" ] || fail "rights of the state"
    [ "$(inside stat -c '%U:%G %a' "/etc/$package")" = "root:$package 750" ] || fail "rights of the configuration"
    [ "$(inside stat -c '%U:%G %a' "/etc/$package/credentials")" = "root:root 700" ] || fail "rights of the credentials"
    inside systemd-analyze verify "/usr/lib/systemd/system/$package.service" 2>"$work/verify.log" || fail "the unit"
    inside systemctl --quiet enable "$package" || fail "enabling"
    wanted "$package" || fail "enabling"
done

step "running: broker, clip and credentials"
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
mosquitto_passwd -b -c "$work/passwords" edge s3cret-of-the-test
mosquitto_passwd -b "$work/passwords" centre s3cret-of-the-centre
printf 'listener %s 127.0.0.1\nallow_anonymous false\npassword_file %s\nuser root\n' "$port" "$work/passwords" >"$work/mosquitto.conf"
mosquitto -c "$work/mosquitto.conf" >"$work/mosquitto.log" 2>&1 &
ffmpeg -nostdin -v error -f lavfi -i testsrc2=size=640x360:rate=10:duration=60 -c:v libx264 -preset ultrafast -g 20 \
    -bf 0 "$root/srv/clip.mp4"
cat >"$root/etc/gridwarden/gridwarden.yaml" <<EOF
site: { id: edge-01, area: "320583102201" }
broker: { host: 127.0.0.1, port: $port, username: edge, password_file: broker }
cameras:
  - id: cam-01
    url: /srv/clip.mp4
    purpose: test of the package
    signage_confirmed: true
    zones: [{ id: np1, polygon: [[0.1, 0.1], [0.9, 0.1], [0.5, 0.9]], rules: { parking.motor: } }]
EOF
cat >"$root/etc/gridwarden-centre/centre.yaml" <<EOF
centre:
  id: kunshan
  area: "320583"
  brokers: [{host: 127.0.0.1, port: $port, username: centre, password_file: broker}]
EOF
echo s3cret-of-the-test >"$root/etc/gridwarden/credentials/broker"
echo s3cret-of-the-centre >"$root/etc/gridwarden-centre/credentials/broker"
install -d -m 755 "$root/run/credentials"
for package in "${packages[@]}"; do
    at=/run/credentials/$package.service
    inside install -d -o "$package" -m 500 "$at"
    inside install -o "$package" -m 400 "/etc/$package/credentials/broker" "$at/gridwarden_broker"
done
digest() { cat "$root/etc/gridwarden/gridwarden.yaml" "$root/etc/gridwarden-centre/centre.yaml" | sha256sum; }
inodes() { stat -c %i "$root/var/lib/gridwarden/outbox.sqlite" "$root/var/lib/gridwarden-centre/centre.sqlite" | xargs; }
configuration=$(digest)

wait_for_site() { # at most 30 s, until its retained state is $1
    for _ in $(seq 30); do
        mosquitto_sub -h 127.0.0.1 -p "$port" -u edge -P s3cret-of-the-test -t 'mg/v1/site/#' -C 1 -W 5 \
            >"$work/site.json" || true
        if grep -q "\"$1\"" "$work/site.json"; then return; fi
        sleep 1
    done
    fail "the site is not $1"
}

wait_for_centre() { # at most 30 s, until it has written a site into its database
    for _ in $(seq 30); do
        count=$(sqlite3 -cmd '.timeout 5000' "$root/var/lib/gridwarden-centre/centre.sqlite" 'SELECT COUNT(*) FROM site' \
            2>/dev/null || true)
        if [ "${count:-0}" -gt 0 ]; then return; fi
        sleep 1
    done
    fail "the centre has heard of no site"
}

run() { # runs daemon and centre until the site says that it is online and the centre has heard it, then stops them in order
    "${as_daemon[@]}" check --config /etc/gridwarden/gridwarden.yaml || fail "check"
    "${as_centre[@]}" check --config /etc/gridwarden-centre/centre.yaml || fail "check of the centre"
    "${as_centre[@]}" --config /etc/gridwarden-centre/centre.yaml >"$work/centre.log" 2>&1 &
    local centre=$!
    "${as_daemon[@]}" run --config /etc/gridwarden/gridwarden.yaml >"$work/daemon.log" 2>&1 &
    local daemon=$!
    wait_for_site online
    wait_for_centre
    "${as_centre[@]}" status --config /etc/gridwarden-centre/centre.yaml >"$work/status.log" 2>&1 \
        || fail "the status of the centre"
    kill -TERM "$daemon" "$centre"
    wait "$daemon" || fail "the daemon ended with $?"
    wait "$centre" || fail "the centre ended with $?"
    [ -s "$root/var/lib/gridwarden/outbox.sqlite" ] || fail "no database"
    if grep -q s3cret "$work/daemon.log" "$work/centre.log" "$work/site.json"; then fail "the password was shown"; fi
}
run

by_systemd="Their start by systemd was not tested: there is no systemd-nspawn (apt-get install systemd-container)."
if command -v systemd-nspawn >/dev/null; then
    step "starting by systemd, in a container"
    wait_for_site offline
    umount "$root/proc"
    systemd-nspawn --quiet --register=no --keep-unit --boot --console=pipe -D "$root" >"$work/container.log" 2>&1 &
    container=$!
    wait_for_site online
    booted() { nsenter --all --target "$(pgrep -P "$container" -o)" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin "$@"; }
    booted systemctl reload gridwarden >"$work/reload.log" 2>&1 || fail "reloading"
    for _ in $(seq 30); do
        if booted systemctl --quiet is-active gridwarden-centre; then break; fi
        sleep 1
    done
    booted gridwarden centre status --config /etc/gridwarden-centre/centre.yaml >"$work/status.log" 2>&1 \
        || fail "the centre's unit does not run"

    step "upgrading while it runs, with a configuration that is wrong by then"
    cp -p "$root/etc/gridwarden/gridwarden.yaml" "$work/right.yaml"
    echo 'site: {' >"$root/etc/gridwarden/gridwarden.yaml"
    booted dpkg -i /new.deb /new-centre.deb >"$work/running.log" 2>&1 || fail "a service that does not start fails the upgrade"
    if booted systemctl --quiet is-active gridwarden; then fail "it runs with a wrong configuration"; fi
    cp -p "$work/right.yaml" "$root/etc/gridwarden/gridwarden.yaml"
    booted systemctl restart gridwarden || fail "it does not start with the right configuration"
    booted dpkg -i /old.deb /old-centre.deb >"$work/running.log" 2>&1 || fail "the way back"
    booted systemctl --quiet is-active gridwarden-centre || fail "the centre does not run after the way back"
    booted systemctl --quiet is-active gridwarden || fail "it does not run after the way back"
    wait_for_site online
    kill -TERM "$container"
    wait "$container" || true
    mount -t proc proc "$root/proc"
    inside journalctl -u gridwarden -u gridwarden-centre --no-pager >"$work/journal.log"
    for package in "${packages[@]}"; do
        grep -q "Started $package.service" "$work/journal.log" || fail "the unit $package did not report that it is ready"
        grep -q "Stopped $package.service" "$work/journal.log" || fail "the unit $package did not stop in order"
    done
    grep -q 'configuration reloaded' "$work/journal.log" || fail "the unit did not read its configuration anew"
    # Without the boot's name a clock that is set during a restart is taken for time that has passed.
    sqlite3 "$root/var/lib/gridwarden/outbox.sqlite" 'SELECT CAST(state AS TEXT) FROM moments' | grep -q '"boot":"' \
        || fail "the unit does not see the boot's name"
    if grep -q s3cret "$work/journal.log"; then fail "the password was shown"; fi
    by_systemd="systemd starts, reloads and stops them, with their credentials."
fi

step "upgrading"
databases=$(inodes)
inside apt-get install -q -y --no-install-recommends /new.deb /new-centre.deb >"$work/upgrade.log" 2>&1 \
    </dev/null || fail "the upgrade"
inside dpkg-query -W -f '  ${Package} ${Version}\n' "${packages[@]}"
[ "$(digest)" = "$configuration" ] || fail "a configuration has changed"
[ "$(inodes)" = "$databases" ] || fail "a database has changed"
for package in "${packages[@]}"; do wanted "$package" || fail "$package is no longer enabled"; done
run

step "removing"
inside apt-get remove -q -y gridwarden-centre >"$work/remove.log" 2>&1 || fail "the removal of the centre"
[ -x "$root/usr/bin/gridwarden" ] || fail "the daemon went with the centre"
wanted gridwarden-centre && fail "the centre is still enabled"
inside apt-get remove -q -y gridwarden >"$work/remove.log" 2>&1 || fail "the removal"
[ ! -e "$root/usr/bin/gridwarden" ] || fail "the program is still there"
wanted gridwarden && fail "it is still enabled"
for file in etc/gridwarden/gridwarden.yaml etc/gridwarden-centre/centre.yaml \
    var/lib/gridwarden/outbox.sqlite var/lib/gridwarden-centre/centre.sqlite; do
    [ -s "$root/$file" ] || fail "data were lost: $file"
done

step "purging"
inside apt-get purge -q -y "${packages[@]}" >"$work/purge.log" 2>&1 || fail "the purge"
left=$(find "$root" -xdev -path "$root/proc" -prune -o -path "$root/run" -prune -o -iname '*gridwarden*' -print)
[ -z "$left" ] || fail "left behind: $left"
echo "The packages install, run, upgrade, remove and purge. $by_systemd"
