#!/usr/bin/env bash
# Runs the benchmarks against the programs of a build directory. usage: run.sh BUILD_DIR [NAME…]
set -euo pipefail
build=$(realpath "$1")
shift
[ $# -gt 0 ] && [ "$1" != call ] || "$build/tests/bench/troupe_call_bench"
[ "${1:-}" != call ] || exit 0
exec "$build/tests/bench/troupe_bench" --troupe "$build/troupe" --bare "$build/tests/bench/troupe_bare_server" --actors "$build/tests/bench/libtroupe_bench_actors.so" "$@"
