# What up and down share: where things are, and the processes that up started. Sourced by bash.
# shellcheck shell=bash

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
mkdir -p "${VIBESTACK_LOCAL_DIR:-$root/.local}"
state=$(cd "${VIBESTACK_LOCAL_DIR:-$root/.local}" && pwd)
# shellcheck disable=SC2034 # for those who source this
venv=$root/.local/venv
cluster=$state/postgres
postgres=$root/deploy/local/postgres

say() { printf '%s\n' "$*"; }
complain() { printf '%s: %s\n' "${0##*/}" "$*" >&2; }
die() { complain "$*"; exit 1; }

# One up or down at a time. Whatever outlives this script must close descriptor 8, or it would keep the lock.
take_lock() {
  exec 8>"$state/up.lock"
  flock -n 8 || { complain "another up or down is at work; waiting for it"; flock 8; }
}

# A process as nothing else will ever be: the boot, the pid, and when in that boot it started. Fails when it is gone.
identity_of() {
  local stat fields
  { stat=$(<"/proc/$1/stat"); } 2>/dev/null || return 1
  read -ra fields <<<"${stat##*) }"
  [[ ${fields[0]} != Z ]] || return 1
  printf '%s %s %s\n' "$1" "${fields[19]}" "$(</proc/sys/kernel/random/boot_id)"
}

# record_service NAME PID STAMP: remembers a process of ours, and of what it was made.
record_service() {
  { identity_of "$2"; printf '%s\n' "$3"; } >"$state/run/$1.new"
  mv "$state/run/$1.new" "$state/run/$1.pid"
}

# The pid of a service that we started and that still runs; fails when there is none.
pid_of() {
  local identity
  { read -r identity <"$state/run/$1.pid"; } 2>/dev/null || return 1
  [[ -n $identity && $(identity_of "${identity%% *}") == "$identity" ]] || return 1
  printf '%s\n' "${identity%% *}"
}

stamp_of() { sed -n 2p "$state/run/$1.pid" 2>/dev/null || true; }

# Ends a service as an operator would: SIGTERM, and time to finish what it is at. Nothing when it does not run.
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
      complain "$name (pid $pid) did not end within 30 seconds; killing it"
      kill -KILL "$pid" 2>/dev/null || true
    fi
  fi
  rm -f "$state/run/$name.pid"
}

cluster_runs() { [[ -f $cluster/password ]] && "$postgres" status "$cluster"; }
