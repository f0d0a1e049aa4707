#!/usr/bin/env bash
# Builds the wheel without network, installs it apart from the system, and tests what is installed,
# with NumPy and without.
# usage: check_wheel.sh PYTHON BUILD_DIR
set -euo pipefail

python=$1 build=$2
here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd -P)
package=$(cd -- "$here/../../bindings/python" && pwd -P)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
unset PYTHONPATH PIP_FIND_LINKS
export PYTHONDONTWRITEBYTECODE=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore

say() { printf -- '-- %s\n' "$*"; }

if "$python" -c 'import mypy' 2>/dev/null; then
  say 'types'
  (cd "$package" && "$python" -m mypy --cache-dir "$scratch/mypy")
fi

say 'wheel'
# From a copy: building must leave nothing in the source folder.
cp -r "$package" "$scratch/package"
rm -rf "$scratch/package/build" "$scratch/package/src/"*.egg-info
CAIRN_LIBRARY=$build/lib/libcairn.so "$python" -m pip --quiet wheel --no-build-isolation \
  --no-index --no-deps --wheel-dir "$scratch/wheel" "$scratch/package"
ls "$scratch/wheel"
case $(ls "$scratch/wheel") in
  cairn-*-py3-none-linux_*.whl) ;;
  *) echo 'the wheel has a wrong name' >&2 && exit 1 ;;
esac

test_installed() { # PYTHON
  (cd "$scratch" && env -u CAIRN_LIBRARY "$1" -c \
    'import cairn; assert cairn.library_path().endswith("cairn/libcairn.so"); print(cairn.build_info())')
  (cd "$scratch" && env -u CAIRN_LIBRARY "$1" -W error::ResourceWarning -m unittest discover \
    -s "$here" -t "$here")
}

say 'installed, without NumPy'
"$python" -m venv "$scratch/plain"
"$scratch/plain/bin/pip" --quiet install --no-index "$scratch/wheel/"*.whl
test_installed "$scratch/plain/bin/python"

if "$python" -c 'import numpy' 2>/dev/null; then
  say 'installed, with NumPy'
  "$python" -m venv --system-site-packages "$scratch/numpy"
  "$scratch/numpy/bin/pip" --quiet install --no-index "$scratch/wheel/"*.whl
  test_installed "$scratch/numpy/bin/python"
fi
