#!/usr/bin/env bash
# Rules about the tree that no compiler checks. usage: run.sh SOURCE_DIR
set -uo pipefail
cd "$1" || exit 2
# Pipelines run in processes of their own, so a variable would not hear of their findings.
findings=$(mktemp)
trap 'rm -f "$findings"' EXIT

# expect_none TITLE, reading offending lines from standard input
expect_none() {
  local found
  found=$(cat)
  [ -z "$found" ] && return
  printf 'FAIL: %s\n%s\n\n' "$1" "$found" | tee -a "$findings"
}

sources() { find "$@" -name '*.h' -o -name '*.cpp' 2>/dev/null; }

# -- direction of includes: src -> gateway, inspector -> engine -> include ------------------------------------------------
sources include | xargs grep -nE '#include [<"](engine|gateway|inspector|src|spdlog|nlohmann|rocksdb|sqlite3|cbor)' | expect_none 'include/ depends on the standard library and Asio only'
sources include | xargs grep -nE '#include <boost/' | grep -vE 'boost/(asio|system/result)' | expect_none 'include/ uses no other Boost library'
sources engine | xargs grep -nE '#include [<"](gateway|inspector|src|boost/beast)' | expect_none 'engine/ knows neither the gateway nor Beast'
sources gateway inspector | xargs grep -nE '#include [<"](src|rocksdb|sqlite3)' | expect_none 'gateway/ and inspector/ know neither src/ nor the databases'
sources engine | grep -v '^engine/storage/' | xargs grep -nE '#include [<"](rocksdb|sqlite3)' | expect_none 'only engine/storage knows the databases'
sources engine/core engine/clientproto gateway/routing | xargs grep -nE '#include [<"]boost/asio|co_await|co_return' | expect_none 'pure parts do not wait'
sources gateway | grep '\.h$' | grep -v '^gateway/http/' | xargs grep -nE '#include <boost/beast' | expect_none 'Beast stays inside gateway/http'

# -- no clock, randomness or thread outside the shells --------------------------------------------------------------------
sources engine gateway inspector include | grep -v '^engine/base/real_ports.cpp' |
  xargs grep -nE 'system_clock::now|steady_clock::now|random_device|std::rand\b|[^_]time\(nullptr\)|std::thread\b|sleep_for|usleep' |
  expect_none 'time, randomness and threads come in through Ports'

# -- the project speaks of itself only ------------------------------------------------------------------------------------
git ls-files 2>/dev/null | grep -vE '^tests/(hygiene|vectors)/' |
  xargs grep -nIE '\b(TODO|FIXME|XXX|HACK)\b' | expect_none 'unfinished by its own words'
git ls-files 2>/dev/null | grep -E '\.(cpp|h|mjs|sh)$|^dev$' |
  xargs wc -l | awk '$2 != "total" && $1 > 600 { print $1, $2 }' | expect_none 'files over 600 lines'

# -- every public header is self-contained --------------------------------------------------------------------------------
generated=$(mktemp -d)
trap 'rm -rf "$findings" "$generated"' EXIT
mkdir "$generated/troupe"
printf '#define TROUPE_VERSION_TEXT ""\n#define TROUPE_INTERFACE_DIGEST ""\n' >"$generated/troupe/interface_digest.h"
for header in $(find include -name '*.h'); do
  printf '#include "%s"\n' "${header#include/}" |
    g++ -std=c++20 -fsyntax-only -DBOOST_ASIO_SEPARATE_COMPILATION -Iinclude -I"$generated" -x c++ - 2>&1 | head -5
done | expect_none 'public headers compile alone'

[ -s "$findings" ] && exit 1
echo 'hygiene: ok'
