#!/bin/bash
# x265's intra refresh writes no recovery point, although H.265 has an SEI message for it (ITU-T H.265, D.2.8) and x264
# writes one at each refresh. What marks the begin of a refresh is only that the parameter sets are repeated there.
#
# So whoever joins such a stream in the middle has no key frame and no message that says when the picture is whole.
# Seen with Debian 12's x265 3.5-2+b1 (libx265-199): 90 pictures, refresh each 30: one key frame, no SEI of type 6, three
# sequence parameter sets. Prints what it counts; exits non-zero where that is otherwise.
set -eu
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT; cd "$folder"
apt-get download -q x265=3.5-2+b1 libx265-199=3.5-2+b1 libnuma1=2.0.16-1 >/dev/null
for package in *.deb; do dpkg -x "$package" root; done
python3 - <<'P'
# A grey square that moves over a gradient: 90 pictures of 320x192.
with open("in.y4m", "wb") as out:
    out.write(b"YUV4MPEG2 W320 H192 F25:1 Ip A1:1 C420jpeg\n")
    for n in range(90):
        luma = bytearray((x + y) & 255 for y in range(192) for x in range(320))
        for y in range(60, 100):
            luma[y * 320 + 2 * n:y * 320 + 2 * n + 40] = bytes([90]) * 40
        out.write(b"FRAME\n" + luma + bytes([128]) * (320 * 192 // 2))
P
LD_LIBRARY_PATH=$(dirname "$(find root -name 'libx265.so.199' | head -1)"):$(dirname "$(find root -name 'libnuma.so.1' | head -1)") \
    root/usr/bin/x265 --input in.y4m --intra-refresh --keyint 30 --min-keyint 30 --no-scenecut --bframes 0 \
    --repeat-headers --log-level error -o out.265
python3 - <<'P'
import re, sys
data = open("out.265", "rb").read()
units = [m.end() for m in re.finditer(b"\0\0\1", data)]
kinds = [data[u] >> 1 & 63 for u in units]
keys = sum(16 <= k <= 23 for k in kinds)
parameters = kinds.count(33)
points = sum(k == 39 and data[u + 2] == 6 for u, k in zip(units, kinds))
print(f"key frames {keys}, sequence parameter sets {parameters}, recovery points {points}")
sys.exit(not (keys == 1 and parameters == 3 and points == 0))
P
