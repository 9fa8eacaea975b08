#!/usr/bin/env bash
# Goes through the steps of docker/Dockerfile in two clean Debian 12 trees instead of an image builder: builds in the
# first, runs in the second as the image's user, and weighs what the image would hold. Needs root and debootstrap.
# usage: prove.sh WORK_DIRECTORY   (a second run starts from the base that is kept there)
set -euo pipefail
source_tree=$(cd "$(dirname "$0")/../.." && pwd)
work=${1:?usage: prove.sh WORK_DIRECTORY}
port=${TROUPE_PROOF_PORT:-26420}
size_max_mib=120
mkdir -p "$work"

leave() {
  local root
  for root in build run; do umount "$work/$root/proc" 2>/dev/null || true; done
}
trap leave EXIT

# The package archive that this machine uses itself.
archive() {
  cat /etc/apt/sources.list /etc/apt/sources.list.d/* 2>/dev/null |
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
  umount "$root/proc" 2>/dev/null || true
  rm -rf "$root"
  mkdir -p "$root"
  tar -C "$root" -xf "$work/base.tar"
  rm -f "$root/etc/apt/sources.list"
  cp -a /etc/apt/sources.list* /etc/apt/apt.conf.d "$root/etc/apt/"
  cp /etc/resolv.conf /etc/hosts "$root/etc/"
  mount --bind /proc "$root/proc"
}

as_troupe() {
  chroot --userspec=troupe:troupe "$work/run" /usr/bin/env -i PATH=/usr/local/bin:/usr/bin:/bin \
    RIVET__FILE_SYSTEM__PATH=/data RIVET__GUARD__PORT="$port" RIVET__METRICS__PORT=0 "$@"
}

echo "== build stage"
tree build
mkdir -p "$work/build/src"
git -C "$source_tree" archive HEAD | tar -C "$work/build/src" -x
chroot "$work/build" /bin/bash -c 'cd /src && ./dev install build && TROUPE_GIT_SHA=proof docker/build.sh /out'

echo "== last stage"
tree run
install -m 755 "$source_tree/docker/runtime.sh" "$work/run/tmp/runtime.sh"
chroot "$work/run" /tmp/runtime.sh
rm "$work/run/tmp/runtime.sh"
install -m 755 "$work/build/out/troupe" "$work/run/usr/local/bin/troupe"
image_mib=$(($(du -sk --exclude="$work/run/proc" "$work/run" | cut -f1) / 1024))

echo "== run"
as_troupe troupe start --demo &
daemon=$!
for attempt in $(seq 100); do
  as_troupe troupe health 2>/dev/null && break
  [ "$attempt" -lt 100 ] || { echo "the engine is not healthy"; exit 1; }
  sleep 0.1
done
address="http://127.0.0.1:$port/gateway/counter/action/increment"
curl -fsS -X POST "$address?rvt-namespace=default&rvt-method=getOrCreate&rvt-runner=default&rvt-key=proof" -d '{"args":[1]}'
echo
# chroot and env replace themselves with the daemon.
kill -TERM $daemon
wait $daemon

echo "the image would hold $image_mib MiB"
[ "$image_mib" -lt $size_max_mib ] || { echo "more than $size_max_mib MiB"; exit 1; }
