#!/usr/bin/env bash
# Copies what the Debian package ships to read into a folder, laid out as in the source, so that every link holds.
#
#     deploy/deb/documents.sh FOLDER
set -euo pipefail
folder=$(realpath -m "${1:?name a folder}")
cd "$(dirname "$0")/../.."
umask 022

copy() { install -D -m "$1" "$2" "$folder/$2"; }
for file in README.md README.zh-CN.md SECURITY.md CONTRIBUTING.md LICENSE docs/*.md docs/*.schema.json docs/*.jpg \
    deploy/gridwarden.example.yaml deploy/centre.example.yaml deploy/broker/README.md deploy/broker/*.conf deploy/broker/acl deploy/broker/nats/* \
    deploy/proxy/* models/README.md models/weights/*.md; do
    copy 644 "$file"
done
for file in deploy/broker/*.sh findings/*.sh; do copy 755 "$file"; done
