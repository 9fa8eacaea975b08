#!/bin/bash
# Runs every fuzzer for a while and then the canary, which has to crash.
# Usage: tests/fuzz/run.sh [seconds for each] [build directory]
set -u
seconds=${1:-30}
root=$(cd "$(dirname "$0")/../.." && pwd)
build=${2:-$root/build/fuzz}
failed=0
[ -x "$build/fuzzers/fuzz_canary" ] || { echo "no fuzzers in $build" >&2; exit 1; }

for program in "$build"/fuzzers/fuzz_*; do
  name=${program##*/fuzz_}
  [ "$name" = canary ] && continue
  seeds=$root/tests/fuzz/corpus/$name
  found=$build/corpus/$name
  mkdir -p "$found"
  echo "== $name"
  if ! "$program" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 \
    -artifact_prefix="$build/crash-$name-" "$found" "$seeds" >"$build/$name.log" 2>&1; then
    tail -n 40 "$build/$name.log"
    failed=1
  else
    grep -E 'number_of_executed_units|peak_rss_mb' "$build/$name.log"
  fi
done

echo "== canary"
"$build/fuzzers/fuzz_canary" -runs=0 -artifact_prefix="$build/crash-canary-" "$root/tests/fuzz/corpus/canary" \
  >"$build/canary.log" 2>&1
if ! grep -q 'deadly signal' "$build/canary.log"; then
  echo "the canary did not crash"
  failed=1
fi
exit $failed
