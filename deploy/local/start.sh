# The steps of up. up sources this file, which uses up's variables.
# shellcheck shell=bash
# shellcheck disable=SC2154 # up sets root, state, …

# quietly NAME COMMAND…: runs a step; shows its output only if the step fails.
quietly() {
  local log=$state/log/$1.log
  shift
  "$@" >"$log" 2>&1 8>&- || { tail -n 20 "$log" >&2; die "failed: ${1##*/} (full log: $log)"; }
}

# Reports every port that another process has, before anything starts.
check_ports() {
  local name pid own=() ports=("user_service=$user_port" "user_service-metrics=$user_metrics"
    "job_service=$job_port" "job_service-metrics=$job_metrics"
    "gateway=$gateway_port" "gateway-admin=$gateway_admin")
  for name in user_service job_service gateway; do
    if pid=$(pid_of "$name"); then own+=("$pid"); fi
  done
  if [[ -n $own_database ]]; then
    ports+=("postgresql=$postgres_port")
    if cluster_runs; then own+=("$("$postgres" pid "$cluster")"); fi
  fi
  "$venv/bin/python" "$here/probe" ports --own "${own[*]}" "${ports[@]}" || die "nothing was started"
}

check_binaries() {
  local name
  for name in user_service job_service; do
    [[ -x $build_dir/$name/$name ]] || die "$build_dir/$name/$name is not built"
  done
  for name in proto/vibestack.pb gateway/docs/openapi.json gateway/docs/index.html; do
    [[ -f $build_dir/$name ]] || die "$build_dir/$name is not built"
  done
  [[ -z $dashboard || -f $dashboard/index.html ]] || die "$dashboard/index.html is not built"
}

start_database() {
  "$postgres" init "$cluster" 8>&-
  if cluster_runs && [[ $("$postgres" port "$cluster") != "$postgres_port" ]]; then "$postgres" stop "$cluster"; fi
  if ! cluster_runs; then
    say "starting PostgreSQL on 127.0.0.1:$postgres_port"
    started+=(postgres)
    "$postgres" start "$cluster" "$postgres_port" 8>&-
  fi
  create_database
  database_url=$("$postgres" url "$cluster" vibestack)
}

create_database() {
  local server
  server=$("$postgres" url "$cluster" postgres)
  if [[ -z $(psql -qXAt "$server" -c "SELECT 1 FROM pg_database WHERE datname = 'vibestack'") ]]; then
    psql -qX "$server" -c 'CREATE DATABASE vibestack'
  fi
}

migrate_database() {
  DATABASE_URL=$database_url quietly migrate "$root/deploy/migrations/migrate"
}

# superuser_field NAME: prints a field of the local superuser.
superuser_field() { sed -n "s/.*\"$1\": \"\([^\"]*\)\".*/\1/p" "$state/superuser.json"; }

superuser_exists() {
  [[ -n $(psql -qXAt -v email="$(superuser_field email)" "$database_url" \
    <<<"SELECT 1 FROM users WHERE email = :'email' AND is_active AND is_superuser") ]]
}

# Makes the local superuser, or makes it active and a superuser again. An existing one keeps its sessions and its password, which may
# have changed since. The password is in no command line.
make_superuser() {
  local file=$state/superuser.json password
  if [[ -f $file ]] && superuser_exists; then return; fi
  if [[ ! -f $file ]]; then
    password=$(od -An -N 12 -tx1 /dev/urandom | tr -d ' \n')
    (umask 077 && printf '{"email": "local-admin@example.com", "password": "%s"}\n' "$password" >"$file.new")
    mv "$file.new" "$file"
  fi
  VIBESTACK_DATABASE_URL=$database_url VIBESTACK_PASSWORD=$(superuser_field password) quietly superuser \
    "$build_dir/user_service/user_service" create-superuser --email "$(superuser_field email)"
}

# issue_token NAME: keeps a service token in its own file. Replaces a token that expires soon or whose key is gone.
issue_token() {
  local file=$state/$1.token
  "$venv/bin/python" "$here/probe" token "$file" "$state/keys" && return
  (umask 077 && "$build_dir/user_service/user_service" issue-service-token --name "$1" --keys_dir "$state/keys" >"$file.new")
  mv "$file.new" "$file"
}

make_keys_and_tokens() {
  install -d -m 0700 "$state/keys"
  quietly keys "$build_dir/user_service/user_service" create-keys --keys_dir "$state/keys"
  issue_token job_service
  issue_token worker
}

# start_process NAME PROBE WHERE STAMP COMMAND…: starts a process and waits until it answers. Keeps a running process that has the
# same STAMP and answers. PROBE is the command of deploy/local/probe that checks the process, WHERE the address to check.
start_process() {
  local name=$1 probe=$2 where=$3 stamp=$4 pid
  if pid=$(pid_of "$name") && [[ $(stamp_of "$name") == "$stamp" ]]; then
    if "$venv/bin/python" "$here/probe" "$probe" "$where" --pid "$pid"; then say "$name runs already (pid $pid)"; return; fi
    warn "$name (pid $pid) is not ready; restarting it"
  fi
  stop_service "$name"
  say "starting $name on $where"
  started+=("$name")
  (
    exec 8>&-
    record_service "$name" "$BASHPID" "$stamp"
    VIBESTACK_DATABASE_URL=$database_url exec setsid "${@:5}"
  ) </dev/null >>"$state/log/$name.log" 2>&1 &
  pid=$!
  disown "$pid"
  if ! "$venv/bin/python" "$here/probe" "$probe" "$where" --pid "$pid" --seconds 60; then
    tail -n 20 "$state/log/$name.log" >&2
    die "$name did not become ready (full log: $state/log/$name.log)"
  fi
}

# start_service NAME PORT METRICS_PORT FLAG…
start_service() {
  local command=("$build_dir/$1/$1" serve "--grpc_address=127.0.0.1:$2" "--metrics_address=127.0.0.1:$3" "${@:4}")
  start_process "$1" ready "127.0.0.1:$2" "$(stamp "${command[0]}" "$state/job_service.token" -- "${command[@]}")" "${command[@]}"
}

start_gateway() {
  local config=$state/run/gateway.yaml pages=("$build_dir/gateway/docs")
  [[ -z $dashboard ]] || pages+=("$dashboard")
  mapfile -t pages < <(find "${pages[@]}" -type f | LC_ALL=C sort)
  GATEWAY_DESCRIPTORS=$build_dir/proto/vibestack.pb GATEWAY_DOCS=$build_dir/gateway/docs GATEWAY_DASHBOARD=$dashboard \
    GATEWAY_PORT=$gateway_port GATEWAY_ADMIN_PORT=$gateway_admin \
    GATEWAY_USER_SERVICE=127.0.0.1:$user_port GATEWAY_JOB_SERVICE=127.0.0.1:$job_port "$root/deploy/gateway/render" >"$config"
  local command=("$("$venv/bin/python" -c 'import envoy, pathlib; print(pathlib.Path(envoy.__file__).parent / "_bin" / "envoy")')"
    --config-path "$config" --disable-hot-restart --log-level warning)
  start_process gateway answers "http://127.0.0.1:$gateway_port/.well-known/jwks.json" \
    "$(stamp "$config" "$build_dir/proto/vibestack.pb" "${pages[@]}" -- "${command[@]}")" "${command[@]}"
}

# stamp FILE… -- WORD…: a checksum of the inputs of a process: files, command line, environment and database.
stamp() {
  local files=()
  while [[ $1 != -- ]]; do files+=("$1"); shift; done
  { sha256sum "${files[@]}"; printf '%s\n' "$@" "$database_url"; env | grep '^VIBESTACK_' | sort || true; } | sha256sum | cut -d' ' -f1
}

# Runs the walk. If it fails, prints the last log lines of services that ended meanwhile.
walk() {
  local name
  "$venv/bin/python" "$root/deploy/local/walk" --user "127.0.0.1:$user_port" --job "127.0.0.1:$job_port" \
    --gateway "http://127.0.0.1:$gateway_port" --state "$state" 8>&- && return
  for name in user_service job_service gateway; do
    pid_of "$name" >/dev/null || { tail -n 5 "$state/log/$name.log" >&2; warn "$name ended during the walk"; }
  done
  die "the walk failed (logs: $state/log)"
}

start_services() {
  start_service user_service "$user_port" "$user_metrics" "--keys_dir=$state/keys" --trusted_proxies=127.0.0.1/32
  start_service job_service "$job_port" "$job_metrics" "--user_service_address=127.0.0.1:$user_port" \
    "--service_token_file=$state/job_service.token" --trusted_proxies=127.0.0.1/32 "--keys_dir=$state/keys" \
    "--callback_base_url=${VIBESTACK_CALLBACK_BASE_URL:-http://127.0.0.1:$gateway_port}"
}
