#!/usr/bin/env bash
# Makes the Debian packages from .build/release/gridwarden, which 'make deb' has linked with a static Swift runtime: gridwarden,
# and gridwarden-centre, which adds a centre's unit, user and folders to the same program. Prints the paths of both. VERSION takes
# the place of the program's own. Reports of faults go to whoever builds it: DEBFULLNAME and DEBEMAIL, else git's identity.
set -euo pipefail
cd "$(dirname "$0")/../.."
umask 022

binary=.build/release/gridwarden
models=models/prepared
command -v dpkg-shlibdeps >/dev/null || { echo "dpkg-shlibdeps is missing: apt-get install dpkg-dev." >&2; exit 1; }
[ -x "$binary" ] || { echo "There is no $binary: run 'make deb'." >&2; exit 1; }
[ -s "$models/manifest.json" ] || { echo "There are no models in $models: run 'make models'." >&2; exit 1; }
if ldd "$binary" | grep -q libswift; then
    echo "$binary needs Swift's shared libraries, which Debian does not have: run 'make deb'." >&2
    exit 1
fi

name=${DEBFULLNAME:-$(git config user.name 2>/dev/null || id -un)}
address=${DEBEMAIL:-$(git config user.email 2>/dev/null || true)}
if [ -z "$address" ]; then
    address=$(id -un)@$(hostname -f 2>/dev/null || hostname)
    echo "The package's maintainer is $address: name one with DEBFULLNAME and DEBEMAIL before you hand it on." >&2
fi
version=${VERSION:-$("$binary" --version)}
architecture=$(dpkg --print-architecture)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
root=$work/gridwarden

install -D -m 755 "$binary" "$root/usr/bin/gridwarden"
strip --strip-unneeded "$root/usr/bin/gridwarden"
install -D -m 644 systemd/gridwarden.service "$root/usr/lib/systemd/system/gridwarden.service"
install -D -m 644 systemd/console-edit.conf "$root/usr/share/gridwarden/console-edit.conf"
install -D -m 644 deploy/deb/sysusers.conf "$root/usr/lib/sysusers.d/gridwarden.conf"
install -D -m 644 deploy/deb/tmpfiles.conf "$root/usr/lib/tmpfiles.d/gridwarden.conf"
install -D -m 644 deploy/gridwarden.example.yaml "$root/etc/gridwarden/gridwarden.example.yaml"
install -d "$root/usr/share/gridwarden/models"
cp -r "$models"/. "$root/usr/share/gridwarden/models"
chmod -R u=rwX,go=rX "$root/usr/share/gridwarden/models"

doc=$root/usr/share/doc/gridwarden
deploy/deb/documents.sh "$doc"
gzip -9nc CHANGELOG.md >"$doc/changelog.gz"
deploy/sbom.sh "$binary" >"$doc/components.txt"
deploy/deb/copyright.py >"$doc/copyright"

# The libraries that the program is linked with, at the versions whose symbols it needs.
mkdir -p "$work/shlibdeps/debian"
printf 'Source: gridwarden\n\nPackage: gridwarden\nArchitecture: any\n' >"$work/shlibdeps/debian/control"
depends=$(cd "$work/shlibdeps" && dpkg-shlibdeps -O -e "$root/usr/bin/gridwarden" 2>"$work/log") \
    || { cat "$work/log" >&2; exit 1; }

install -d "$root/DEBIAN"
install -m 755 deploy/deb/postinst deploy/deb/prerm deploy/deb/postrm "$root/DEBIAN"
echo /etc/gridwarden/gridwarden.example.yaml >"$root/DEBIAN/conffiles"
cat >"$root/DEBIAN/control" <<EOF
Package: gridwarden
Version: $version
Architecture: $architecture
Maintainer: $name <$address>
Section: net
Priority: optional
Installed-Size: $(du -sk --exclude=DEBIAN "$root" | cut -f1)
Depends: ${depends#shlibs:Depends=}, procps, systemd
Recommends: ca-certificates
Description: alerts from street cameras over MQTT
 A daemon for a small box without a GPU. It reads RTSP cameras, finds illegal
 parking, street vending and pollution, and publishes one structured alert for
 each violation over MQTT, on a topic tree by area code.
EOF

# The centre: no program of its own, so that both always have the same version.
centre=$work/gridwarden-centre
install -D -m 644 systemd/gridwarden-centre.service "$centre/usr/lib/systemd/system/gridwarden-centre.service"
install -D -m 644 deploy/deb/centre/sysusers.conf "$centre/usr/lib/sysusers.d/gridwarden-centre.conf"
install -D -m 644 deploy/deb/centre/tmpfiles.conf "$centre/usr/lib/tmpfiles.d/gridwarden-centre.conf"
install -D -m 644 deploy/centre.example.yaml "$centre/etc/gridwarden-centre/centre.example.yaml"
install -D -m 644 "$doc/copyright" "$centre/usr/share/doc/gridwarden-centre/copyright"
install -D -m 644 "$doc/changelog.gz" "$centre/usr/share/doc/gridwarden-centre/changelog.gz"
install -d "$centre/DEBIAN"
install -m 755 deploy/deb/centre/postinst deploy/deb/centre/prerm deploy/deb/centre/postrm "$centre/DEBIAN"
echo /etc/gridwarden-centre/centre.example.yaml >"$centre/DEBIAN/conffiles"
cat >"$centre/DEBIAN/control" <<EOF
Package: gridwarden-centre
Version: $version
Architecture: all
Maintainer: $name <$address>
Section: net
Priority: optional
Installed-Size: $(du -sk --exclude=DEBIAN "$centre" | cut -f1)
Depends: gridwarden (= $version), systemd
Recommends: ca-certificates
Description: grid centre for alerts from street cameras
 The unit, the user and the folders of 'gridwarden centre': it keeps the
 messages of all sites of an area in a database, makes cases of them, and tells
 departments. The daemon of the same package does not run beside it unless it
 has a configuration.
EOF

mkdir -p .build/deb
pack() { # folder, architecture
    (cd "$1" && find etc usr -type f -exec md5sum {} + >DEBIAN/md5sums)
    local package=.build/deb/$(basename "$1")_${version}_$2.deb
    dpkg-deb --root-owner-group -Zzstd -z12 --build "$1" "$package" >/dev/null
    echo "$package"
}
pack "$root" "$architecture"
pack "$centre" all
