#!/usr/bin/env bash
# Installs a built tree, moves it, and builds and runs programs against it in C and C++.
# usage: check.sh BUILD_DIR SCRATCH_DIR CC CXX
set -euo pipefail

build=$1 scratch=$2/installed cc=$3 cxx=$4
here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd -P)
rm -rf "$scratch"
mkdir -p "$scratch"

cmake --install "$build" --prefix "$scratch/first" >/dev/null
# Nothing in the tree may know where it was installed.
prefix=$scratch/moved
mv "$scratch/first" "$prefix"

fail() {
  echo "install check: $*" >&2
  exit 1
}

echo '-- files'
library=$(find "$prefix" -name libcairn.so)
[ -n "$library" ] || fail 'no libcairn.so'
[ -n "$(find "$prefix/include/cairn" -name cairn.h)" ] || fail 'no cairn.h'
[ -z "$(find "$prefix" -name '*.a')" ] || fail 'a static library was installed'
[ -z "$(find "$prefix/include" -type f ! -path '*/include/cairn/*')" ] || fail 'a stray header'
if grep -rIlF -e "$build" -e "$scratch/first" "$prefix"; then
  fail 'these files name a folder of the build'
fi
if readelf -d "$library" | grep -E 'RPATH|RUNPATH'; then
  fail 'the library has a run path'
fi
readelf -d "$library" | grep -q 'SONAME.*libcairn\.so\.' || fail 'the soname has no version'

# The consumers are built with the generator that built Cairn: another may not be installed.
CMAKE_GENERATOR=$(sed -n 's/^CMAKE_GENERATOR:INTERNAL=//p' "$build/CMakeCache.txt")
export CMAKE_GENERATOR

for language in c cxx; do
  echo "-- find_package, $language"
  cmake -S "$here/consumer_$language" -B "$scratch/$language" -DCMAKE_PREFIX_PATH="$prefix" \
    -DCMAKE_C_COMPILER="$cc" -DCMAKE_CXX_COMPILER="$cxx" >"$scratch/$language.log" 2>&1 ||
    { cat "$scratch/$language.log"; fail 'cannot configure'; }
  cmake --build "$scratch/$language" >>"$scratch/$language.log" 2>&1 ||
    { cat "$scratch/$language.log"; fail 'cannot build'; }
  "$scratch/$language/consumer" "$scratch/$language.db"
done

echo '-- a version that is not there'
if cmake -S "$here/consumer_c" -B "$scratch/refused" -DCMAKE_PREFIX_PATH="$prefix" \
  -DCMAKE_C_COMPILER="$cc" -DCAIRN_WANTED_VERSION=99.0 >"$scratch/refused.log" 2>&1; then
  fail 'version 99 was found'
fi
grep -q 'version "99.0"' "$scratch/refused.log" ||
  { cat "$scratch/refused.log"; fail 'version 99 was refused for another reason'; }

if command -v pkg-config >/dev/null; then
  echo '-- pkg-config'
  PKG_CONFIG_PATH=$(dirname "$(find "$prefix" -name cairn.pc)")
  export PKG_CONFIG_PATH
  read -ra flags < <(pkg-config --cflags --libs cairn)
  "$cc" -std=c11 "$here/consumer_c/main.c" "${flags[@]}" -o "$scratch/pkg"
  LD_LIBRARY_PATH=$(dirname "$library") "$scratch/pkg" "$scratch/pkg.db"
fi

if [ -x "$prefix/bin/cairn" ]; then
  echo '-- command line tool'
  "$prefix/bin/cairn" --version
fi
