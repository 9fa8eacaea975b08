#!/usr/bin/env bash
# Goes through the steps of docker/Dockerfile in two clean Debian 12 trees instead of an image builder: builds in the
# first; runs in the second as docker/compose.yaml has it, as the image's user on a read-only root with a volume; and
# weighs what the image would hold. Needs root and debootstrap.
# usage: prove.sh WORK_DIRECTORY [build|run]   (one of both alone; the base and what was built are kept there)
# TROUPE_PROOF_CCACHE=DIRECTORY lends the build a compiler cache.
set -euo pipefail
source_tree=$(cd "$(dirname "$0")/../.." && pwd)
work=${1:?usage: prove.sh WORK_DIRECTORY [build|run]}
stage=${2:-all}
port=${TROUPE_PROOF_PORT:-26420}
size_max_mib=120
daemon=
mkdir -p "$work"
work=$(cd "$work" && pwd)

fail() {
  echo "$*" >&2
  exit 1
}

leave() {
  local mounted
  if [ -n "$daemon" ] && kill -KILL "$daemon" 2>/dev/null; then wait "$daemon" || true; fi
  for mounted in run run/proc build/root/.cache/ccache build/proc; do
    while mountpoint -q "$work/$mounted" && umount -R "$work/$mounted"; do :; done
  done
}
trap leave EXIT

# The package archive that this machine uses itself.
archive() {
  cat /etc/apt/sources.list /etc/apt/sources.list.d/*.list /etc/apt/sources.list.d/*.sources 2>/dev/null |
    awk '/^deb /{ for (i = 2; i <= NF; i++) if ($i ~ /:\/\//) { print $i; exit } } /^URIs:/{ print $2; exit }'
}

# tree NAME: a clean Debian 12 as its slim images have it, without documentation and translations.
tree() {
  local root=$work/$1
  if [ ! -f "$work/base.tar" ]; then
    debootstrap --variant=minbase bookworm "$work/base" "$(archive)" >"$work/debootstrap.log"
    rm -rf "$work"/base/usr/share/{doc,man,info,locale,lintian}/* "$work"/base/var/cache/apt/* "$work"/base/var/lib/apt/lists/*
    tar -C "$work/base" -cf "$work/base.tar" .
    rm -rf "$work/base"
  fi
  rm -rf --one-file-system "$root"
  mkdir -p "$root"
  tar -C "$root" -xf "$work/base.tar"
  rm -f "$root/etc/apt/sources.list"
  cp -a /etc/apt/sources.list* /etc/apt/apt.conf.d "$root/etc/apt/"
  cp /etc/resolv.conf /etc/hosts "$root/etc/"
  mount --bind /proc "$root/proc"
}

build_stage() {
  tree build
  mkdir -p "$work/build/src"
  if [ -n "${TROUPE_PROOF_CCACHE:-}" ]; then
    mkdir -p "$work/build/root/.cache/ccache"
    mount --bind "$TROUPE_PROOF_CCACHE" "$work/build/root/.cache/ccache"
  fi
  git -C "$source_tree" archive HEAD | tar -C "$work/build/src" -x
  chroot "$work/build" /bin/bash -c 'cd /src && ./dev install build && TROUPE_GIT_SHA=proof docker/build.sh /out'
}

last_stage() {
  tree run
  install -m 755 "$source_tree/docker/runtime.sh" "$work/run/tmp/runtime.sh"
  chroot "$work/run" /tmp/runtime.sh
  rm "$work/run/tmp/runtime.sh"
  install -m 755 "$work/build/out/troupe" "$work/run/usr/local/bin/troupe"
  chroot "$work/run" ldd /usr/local/bin/troupe | grep 'not found' && fail "libraries are missing"
  image_mib=$(($(du -sk --exclude="$work/run/proc" "$work/run" | cut -f1) / 1024))
}

# A new volume begins as a copy of the image's directory; everything else cannot be written.
mount_volume() {
  rm -rf "$work/volume"
  cp -a "$work/run/data" "$work/volume"
  mount --rbind "$work/run" "$work/run"
  mount -o remount,bind,ro "$work/run"
  mount --bind "$work/volume" "$work/run/data"
  mount -t tmpfs tmpfs "$work/run/tmp"
}

# No function: chroot and env replace themselves with the daemon, so signals reach it.
as_troupe=(chroot --userspec=troupe:troupe "$work/run" /usr/bin/env -i PATH=/usr/local/bin:/usr/bin:/bin
  RIVET__FILE_SYSTEM__PATH=/data RIVET__GUARD__PORT="$port" RIVET__METRICS__PORT=0)

start() {
  "${as_troupe[@]}" troupe start --demo &
  daemon=$!
  local attempt
  for attempt in $(seq 100); do
    "${as_troupe[@]}" troupe health >/dev/null 2>&1 && return
    sleep 0.1
  done
  fail "the engine is not healthy"
}

stop() {
  kill -TERM "$daemon"
  wait "$daemon" || fail "SIGTERM ended the engine with $?"
  daemon=
}

# increment EXPECTED
increment() {
  local path=/gateway/counter/action/increment
  local answer
  answer=$(curl -fsS -X POST -d '{"args":[1]}' \
    "http://127.0.0.1:$port$path?rvt-namespace=default&rvt-method=getOrCreate&rvt-runner=default&rvt-key=proof")
  [ "$answer" = "{\"output\":$1}" ] || fail "the counter says $answer instead of $1"
}

run() {
  mount_volume
  ! "${as_troupe[@]}" troupe health 2>/dev/null || fail "healthy before it was started"
  start
  [ "$(stat -c %u "/proc/$daemon")" = 10001 ] || fail "the engine does not run as the image's user"
  increment 1
  stop
  start
  increment 2
  kill -KILL "$daemon"
  wait "$daemon" || true
  start
  increment 3
  stop
}

[ "$stage" = run ] || build_stage
[ "$stage" != build ] || exit 0
last_stage
run
echo "the image would hold $image_mib MiB, $(($(stat -c %s "$work/build/out/troupe") / 1048576)) of them the binary"
[ "$image_mib" -lt $size_max_mib ] || fail "more than $size_max_mib MiB"
