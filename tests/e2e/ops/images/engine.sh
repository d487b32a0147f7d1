# Buildah and podman without a daemon, with a storage of their own under .local/images. Sourced by bash.
# shellcheck shell=bash

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../../../.." && pwd)
state=$root/.local/images
mkdir -p "$state"

# Everything stays in these files: nothing of the machine's own containers is read or changed.
cat >"$state/storage.conf" <<TEXT
[storage]
driver = "overlay"
graphroot = "$state/storage"
runroot = "$state/run"
TEXT
# The limits are those that every sandbox has: rlimits cannot be raised everywhere.
cat >"$state/containers.conf" <<'TEXT'
[containers]
default_ulimits = ["nofile=20000:20000", "nproc=32768:32768"]
[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
events_logger = "file"
TEXT
printf '{"default": [{"type": "insecureAcceptAnything"}]}\n' >"$state/policy.json"
printf 'unqualified-search-registries = ["docker.io"]\nshort-name-mode = "permissive"\n' >"$state/registries.conf"
export CONTAINERS_STORAGE_CONF=$state/storage.conf CONTAINERS_CONF=$state/containers.conf
export CONTAINERS_REGISTRIES_CONF=$state/registries.conf

has_image() { buildah inspect --type image "$1" >/dev/null 2>&1; }

install_engine() {
  local missing=() program
  for program in buildah podman runc catatonit debootstrap; do command -v "$program" >/dev/null || missing+=("$program"); done
  ((${#missing[@]})) || return 0
  [[ $(id -u) == 0 ]] || { printf 'images: run as root, or install first: %s\n' "${missing[*]}" >&2; exit 1; }
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >&2
}
