#!/usr/bin/env bash
# Installs the build, then does what a user of the package does: builds the examples outside the source tree against the
# installed headers, CMake package and libraries, and runs them. usage: run.sh SOURCE_DIR BUILD_DIR
set -euo pipefail
source=$1 build=$2
work=$(mktemp -d)
daemon=
finish() {
  [ -z "$daemon" ] || { kill "$daemon" 2>/dev/null && wait "$daemon" 2>/dev/null || true; }
  rm -rf "$work"
}
trap finish EXIT

fail() {
  echo "FAIL: $*"
  exit 1
}
# expect TITLE GOT WANTED
expect() { [ "$2" = "$3" ] || fail "$1: got '$2' instead of '$3'"; }

build_example() {
  cp -r "$source/examples/$1" "$work/$1"
  build_folder "$1"
}
build_folder() {
  cmake -S "$work/$1" -B "$work/$1/build" -G Ninja -DCMAKE_PREFIX_PATH="$work/prefix" \
    -DCMAKE_BUILD_TYPE="$build_type" -DCMAKE_CXX_FLAGS="$cxx_flags" >"$work/$1.log" 2>&1 &&
    cmake --build "$work/$1/build" >>"$work/$1.log" 2>&1 || { cat "$work/$1.log"; fail "$1 does not build"; }
}
# The first C++ block of a guide.
guide_code() { awk '/^```cpp$/ { on = !seen++; next } /^```$/ { on = 0 } on' "$source/docs/guides/$1.md"; }
cached() { sed -n "s/^$1:[A-Z]*=//p" "$build/CMakeCache.txt"; }
build_type=$(cached CMAKE_BUILD_TYPE)
sanitize=$(cached TROUPE_SANITIZE)
cxx_flags="-g1${sanitize:+ -fsanitize=$sanitize}"

cmake --install "$build" --prefix "$work/prefix" >/dev/null
[ -x "$work/prefix/bin/troupe" ] || fail "the daemon is not installed"
grep -rlE "$source|$build" "$work/prefix/lib/cmake" "$work/prefix/lib"/*/cmake 2>/dev/null | grep . &&
  fail "the package refers to the source or build directory"

# -- a library of actors, in the installed daemon -------------------------------------------------------------------------
build_example plugin
exported=$(nm -D --defined-only "$work/plugin/build/libgreeter.so" | awk '{ print $3 }' | grep -v '^_\(init\|fini\)$')
expect "what the library shows" "$exported" troupe_plugin_entry

: >"$work/daemon.log"
"$work/prefix/bin/troupe" start --host 127.0.0.1 --port 0 --data "$work/data" \
  --actors "$work/plugin/build/libgreeter.so" >"$work/daemon.log" 2>&1 &
daemon=$!
port=
for _ in $(seq 200); do
  port=$(sed -n 's/.*listening on .* port \([0-9]*\),.*/\1/p' "$work/daemon.log")
  [ -n "$port" ] && break
  kill -0 "$daemon" 2>/dev/null || { cat "$work/daemon.log"; fail "the daemon ended"; }
  sleep 0.1
done
[ -n "$port" ] || { cat "$work/daemon.log"; fail "the daemon does not listen"; }
# action NAME KEY ARGUMENTS
action() {
  curl -sS -X POST -d "{\"args\":$3}" \
    "http://127.0.0.1:$port/gateway/greeter/action/$1?rvt-namespace=default&rvt-method=getOrCreate&rvt-runner=default&rvt-key=$2"
}
expect "an action" "$(action greet a '["Ada"]')" '{"output":"Hello, Ada!"}'
expect "the state" "$(action state a '[]')" '{"output":{"greeted":1,"last":"Ada"}}'
expect "a call between actors" "$(action introduce b '["a","Bob"]')" '{"output":"Hello, Bob!"}'
action later a '[]' | grep -q '"output"' || fail "a coroutine that waits"
action greet a '[""]' | grep -q '"code":"nobody"' || fail "an error of the library's code"
kill "$daemon"
wait "$daemon" || fail "the daemon did not stop in order"
daemon=

# -- what the guides show compiles, too
mkdir "$work/guides"
guide_code plugins >"$work/guides/plugin.cpp"
guide_code embedding >"$work/guides/program.cpp"
guide_code testing-actors >"$work/guides/eggs.cpp"
cat >"$work/guides/CMakeLists.txt" <<'CMAKE'
cmake_minimum_required(VERSION 3.25)
project(guides CXX)
find_package(troupe REQUIRED)
troupe_add_plugin(plugin plugin.cpp)
add_executable(program program.cpp)
target_link_libraries(program PRIVATE troupe::embed)
add_executable(eggs eggs.cpp)
target_link_libraries(eggs PRIVATE troupe::testing)
CMAKE
build_folder guides
"$work/guides/build/eggs" || fail "the guide to testing"

# -- the engine in a program ----------------------------------------------------------------------------------------------
build_example embed
run() { "$work/embed/build/embedded" "$work/embedded-data" "$@" 2>/dev/null | grep -v '\[info\]'; }
expect "first run" "$(run)" "started 1 times"
expect "second run" "$(run)" "started 2 times"

coproc program { exec "$work/embed/build/embedded" "$work/embedded-data" --listen 2>/dev/null; }
while read -r line <&"${program[0]}"; do
  case $line in listening*) break ;; esac
done
port=${line##* }
got=$(curl -sS -X POST -d '{"args":[5]}' \
  "http://127.0.0.1:$port/gateway/counter/action/increment?rvt-namespace=default&rvt-method=getOrCreate&rvt-runner=default&rvt-key=web")
expect "a client of the program" "$got" '{"output":5}'
pid=$program_PID
echo >&"${program[1]}"
wait "$pid" || fail "the program did not end in order"
echo "package: ok"
