# Shared by up and down: paths, and the processes that up started. Sourced by bash.
# shellcheck shell=bash

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
mkdir -p "${VIBESTACK_LOCAL_DIR:-$root/.local}"
state=$(cd "${VIBESTACK_LOCAL_DIR:-$root/.local}" && pwd)
# shellcheck disable=SC2034 # used by the scripts that source this
venv=$root/.local/venv
cluster=$state/postgres
postgres=$root/deploy/local/postgres

say() { printf '%s\n' "$*"; }
warn() { printf '%s: %s\n' "${0##*/}" "$*" >&2; }
die() { warn "$*"; exit 1; }

# Only one up or down runs at a time. A process that outlives this script must close descriptor 8, or it keeps the lock.
take_lock() {
  exec 8>"$state/up.lock"
  flock -n 8 || { warn "another up or down is running; waiting for it"; flock 8; }
}

# identity_of PID: a process's unique identity: its pid, its start time and the boot. Fails if the process has ended.
identity_of() {
  local stat fields
  { stat=$(<"/proc/$1/stat"); } 2>/dev/null || return 1
  read -ra fields <<<"${stat##*) }"
  [[ ${fields[0]} != Z ]] || return 1
  printf '%s %s %s\n' "$1" "${fields[19]}" "$(</proc/sys/kernel/random/boot_id)"
}

# record_service NAME PID STAMP: records the process and the stamp of its inputs.
record_service() {
  { identity_of "$2"; printf '%s\n' "$3"; } >"$state/run/$1.new"
  mv "$state/run/$1.new" "$state/run/$1.pid"
}

# pid_of NAME: the pid of a service that we started. Fails if the service does not run.
pid_of() {
  local identity
  { read -r identity <"$state/run/$1.pid"; } 2>/dev/null || return 1
  [[ -n $identity && $(identity_of "${identity%% *}") == "$identity" ]] || return 1
  printf '%s\n' "${identity%% *}"
}

stamp_of() { sed -n 2p "$state/run/$1.pid" 2>/dev/null || true; }

# stop_service NAME: stops a service as an operator does: SIGTERM, 30 seconds to finish, then SIGKILL. Does nothing if it does not run.
stop_service() {
  local name=$1 pid identity waited
  if pid=$(pid_of "$name"); then
    identity=$(identity_of "$pid")
    kill -TERM "$pid" 2>/dev/null || true
    for ((waited = 0; waited < 300; waited++)); do
      [[ $(identity_of "$pid") == "$identity" ]] || break
      sleep 0.1
    done
    if [[ $(identity_of "$pid") == "$identity" ]]; then
      warn "$name (pid $pid) did not end within 30 seconds; killing it"
      kill -KILL "$pid" 2>/dev/null || true
    fi
  fi
  rm -f "$state/run/$name.pid"
}

cluster_runs() { [[ -f $cluster/password ]] && "$postgres" status "$cluster"; }
