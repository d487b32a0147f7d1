# Puts the toolchains of .local/venv first in PATH: Go, Node.js and npm come as wheels. They keep their downloads in .local, checked
# against the hashes of lock files, so that a second run needs no network. Sourced by bash.
# shellcheck shell=bash

toolchains_local=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)/.local
export PATH=$toolchains_local/venv/bin:$PATH
export GOPATH=$toolchains_local/go GOCACHE=$toolchains_local/go/cache GOTOOLCHAIN=local
export GOFLAGS="${GOFLAGS:-} -modcacherw -buildvcs=false"
export npm_config_cache=$toolchains_local/npm npm_config_update_notifier=false

# once FOLDER FILE… -- COMMAND…: copies the FILEs into FOLDER and runs COMMAND there. Does nothing if an earlier run succeeded.
once() {
  local place=$1 files=()
  shift
  while [[ $1 != -- ]]; do files+=("$1"); shift; done
  mkdir -p "$place"
  (
    flock 9
    [[ ! -e $place/complete ]] || exit 0
    cp "${files[@]}" "$place/"
    cd "$place" || exit
    "${@:2}" >&2 9>&-
    touch complete
  ) 9>"$place/lock"
}
