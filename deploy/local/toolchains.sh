# Puts the toolchains of the tools' environment first: Go, Node.js and npm come with wheels. What they fetch, checked by the hashes
# of lock files, is kept in .local, so that a second time needs no network. Sourced by bash.
# shellcheck shell=bash

toolchains_local=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)/.local
export PATH=$toolchains_local/venv/bin:$PATH
export GOPATH=$toolchains_local/go GOCACHE=$toolchains_local/go/cache GOTOOLCHAIN=local
export GOFLAGS="${GOFLAGS:-} -modcacherw -buildvcs=false"
export npm_config_cache=$toolchains_local/npm npm_config_update_notifier=false
