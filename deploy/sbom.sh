#!/usr/bin/env bash
# Lists what a built gridwarden consists of, with versions: Swift packages, Debian's libraries, models.
set -euo pipefail
binary=$(realpath "${1:-.build/release/gridwarden}")
cd "$(dirname "$0")/.."

echo "gridwarden $("$binary" --version)"
swift --version 2>/dev/null | sed -nE 's/.*Swift version ([^ ]+).*/swift \1 (runtime and Foundation)/p'
echo
echo "Swift packages:"
python3 - <<'EOF'
import json
for pin in sorted(json.load(open("Package.resolved"))["pins"], key=lambda pin: pin["identity"]):
    state = pin["state"]
    print(f"  {pin['identity']} {state.get('version', state.get('branch', ''))} {state['revision']}")
EOF
echo
echo "Libraries that it is linked with, and the Debian packages that they are from:"
objdump -p "$binary" | awk '$1 == "NEEDED" { print $2 }' | while read -r library; do
    path=$(ldd "$binary" | awk -v name="$library" '$1 == name { print $3 }')
    [ -n "$path" ] || continue
    path=$(realpath "$path")
    # Where /lib is /usr/lib, a package may still know its files by the old path.
    package=$({ dpkg-query -S "$path" || dpkg-query -S "${path#/usr}"; } 2>/dev/null | head -1 | cut -d: -f1 || true)
    echo "  $library${package:+ $(dpkg-query -W -f '${Package} ${Version}' "$package" | head -1)}"
done
echo
echo "Models:"
python3 - <<'EOF'
import json
for model in json.load(open("models/manifest.json"))["models"]:
    print(f"  {model['name']} {model['source']['package']} {model['source']['version']} {model['output']['sha256']}; {model['licence']}")
EOF
