#!/usr/bin/env bash
# The build stage of the image: leaves the stripped binary in the directory that is named.
set -euo pipefail
cd "$(dirname "$0")/.."
out=${1:?usage: build.sh OUTPUT_DIRECTORY}
./dev build
mkdir -p "$out"
strip -o "$out/troupe" build/release/troupe
