#!/usr/bin/env bash
# Fuzzes each door for SECONDS_EACH (60) under SANITIZER (address, or thread: then each input is taken in by two threads at
# once), or only those that are named. New inputs are kept in the build folder's corpus; one that ends the process lies in
# its found, and belongs into Tests/Fuzz/corpus, named broken-..., when mended.
set -euo pipefail
cd "$(dirname "$0")/../.."
seconds=${SECONDS_EACH:-60}
sanitizer=${SANITIZER:-address}
library=$(find "$(dirname "$(command -v swift)")/../lib/clang/" -name "libclang_rt.fuzzer_no_main-$(uname -m).a" | head -n 1)
[ -n "$library" ] || { echo "The Swift toolchain has no libFuzzer: install a toolchain from swift.org." >&2; exit 1; }
export GRIDWARDEN_FUZZER=$library SWIFT_BACKTRACE=enable=no
export LSAN_OPTIONS="suppressions=$PWD/Tests/lsan.suppressions"
export TSAN_OPTIONS=halt_on_error=1
# Freed memory that is kept back for long has to be paid for anew by each decoder.
export ASAN_OPTIONS=quarantine_size_mb=8
build=.build-fuzz
preload=
if [ "$sanitizer" = thread ]; then
    build=.build-fuzz-thread
    export THREADS=2
    preload=$PWD/$build/mutex.so
    mkdir -p "$build"
    clang -Wall -Werror -O1 -shared -fPIC -o "$preload" Tests/tsan-mutex.c
fi
swift build --product gridwarden-fuzz --sanitize="$sanitizer" --scratch-path "$build" \
    -Xswiftc -sanitize-coverage=edge,indirect-calls,trace-cmp,inline-8bit-counters,pc-table
mkdir -p "$build/found"
status=0
for target in "${@:-configuration inbound alert video rtsp}"; do
    for name in $target; do
        mkdir -p "$build/corpus/$name"
        echo "fuzz: $name for $seconds s under the $sanitizer sanitizer"
        LD_PRELOAD=$preload timeout -s KILL $((seconds + 60)) "$build/debug/gridwarden-fuzz" "$name" -max_total_time="$seconds" -timeout=20 \
            -rss_limit_mb=4096 -max_len=16384 -print_final_stats=1 -artifact_prefix="$build/found/$name-" \
            "$build/corpus/$name" "Tests/Fuzz/corpus/$name" >"$build/$name.log" 2>&1 </dev/null || status=1
        grep -aE "stat::number_of_executed_units|stat::average_exec|SUMMARY|Fatal error|cov: [0-9]+ .*$" "$build/$name.log" |
            grep -avE "NEW|REDUCE|pulse|RELOAD" | tail -n 6
    done
done
exit $status
