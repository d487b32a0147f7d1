# The TLS part of render. render sources this file, which uses render's variables.
# shellcheck shell=bash
# shellcheck disable=SC2154 # render sets script, fill, …

type=type.googleapis.com/envoy.extensions.transport_sockets.tls.v3
tls_params='tls_params: {tls_minimum_protocol_version: TLSv1_2}'
plaintext='# Plaintext: no certificate is named.'

refuse() { printf 'render: %s\n' "$*" >&2; exit 1; }

# put NAME TEXT: puts the text into the configuration unchanged.
put() {
  local text
  text=$(printf '%s' "$2" | sed 's/[\\&|]/\\&/g')
  script="$script;s|\${$1}|$text|g"
}

# check_file NAME: checks that the variable contains an absolute path of a readable file, without characters that need quotes.
check_file() {
  [[ ${!1} =~ ^/[0-9A-Za-z._/-]+$ ]] || refuse "$1 is not an absolute path of letters, digits, '.', '_', '/' and '-': ${!1}"
  [[ -r ${!1} ]] || refuse "$1 cannot be read: ${!1}"
}

# check_pair CERT KEY: checks that both files are set or neither. Fails if neither is set.
check_pair() {
  [[ -n ${!1:-} || -n ${!2:-} ]] || return 1
  [[ -n ${!1:-} && -n ${!2:-} ]] || refuse "set both $1 and $2, or neither"
  check_file "$1"
  check_file "$2"
}

# secret NAME FIELDS: writes the file that names a secret's paths for Envoy. It contains no secret itself.
secret() {
  [[ ${GATEWAY_SECRETS_DIR:-} =~ ^/[0-9A-Za-z._/-]+$ ]] || refuse "GATEWAY_SECRETS_DIR must be an absolute path of letters, digits, '.', '_', '/' and '-'"
  mkdir -p "$GATEWAY_SECRETS_DIR"
  printf 'resources:\n- {"@type": "%s.Secret", name: %s, %s}\n' "$type" "$1" "$2" >"$GATEWAY_SECRETS_DIR/$1.yaml.new"
  mv "$GATEWAY_SECRETS_DIR/$1.yaml.new" "$GATEWAY_SECRETS_DIR/$1.yaml"
}

# pair_secret NAME CERT KEY: writes the secret of a certificate and its key; CERT and KEY are names of variables.
pair_secret() {
  secret "$1" "tls_certificate: {certificate_chain: {filename: ${!2}}, private_key: {filename: ${!3}}, watched_directory: {path: ${!2%/*}}}"
}

# from_file NAME: prints the reference to a secret in the configuration.
from_file() { printf '{name: %s, sds_config: {path_config_source: {path: "%s/%s.yaml"}}}' "$1" "$GATEWAY_SECRETS_DIR" "$1"; }

# first_host LIST: prints the first host of HOST:PORT,…
first_host() {
  local host=${1%%,*}
  host=${host%:*}
  host=${host#[}
  printf '%s' "${host%]}"
}

# fill_upstream_tls PLACE NAME: fills in TLS for calls to the service of that name.
fill_upstream_tls() {
  local own='' sni='' kind=DNS
  if [[ -z ${GATEWAY_UPSTREAM_CA:-} ]]; then
    [[ -z ${GATEWAY_UPSTREAM_CERT:-}${GATEWAY_UPSTREAM_KEY:-} ]] || refuse "GATEWAY_UPSTREAM_CERT and _KEY need GATEWAY_UPSTREAM_CA"
    put "$1" "$plaintext"
    return
  fi
  check_file GATEWAY_UPSTREAM_CA
  [[ $2 =~ ^[0-9A-Za-z.:-]+$ ]] || refuse "$2 is not a valid name for a certificate"
  secret upstream_ca "validation_context: {trusted_ca: {filename: $GATEWAY_UPSTREAM_CA}, watched_directory: {path: ${GATEWAY_UPSTREAM_CA%/*}}}"
  if check_pair GATEWAY_UPSTREAM_CERT GATEWAY_UPSTREAM_KEY; then
    pair_secret upstream_pair GATEWAY_UPSTREAM_CERT GATEWAY_UPSTREAM_KEY
    own="tls_certificate_sds_secret_configs: [$(from_file upstream_pair)],"
  fi
  # SNI allows only names, no addresses.
  if [[ $2 =~ ^[0-9.]+$ || $2 == *:* ]]; then kind=IP_ADDRESS; else sni="sni: \"$2\","; fi
  put "$1" "transport_socket: {name: tls, typed_config: {\"@type\": $type.UpstreamTlsContext, $sni common_tls_context: {\
$tls_params, alpn_protocols: [h2], $own combined_validation_context: {\
default_validation_context: {match_typed_subject_alt_names: [{san_type: $kind, matcher: {exact: \"$2\"}}]}, \
validation_context_sds_secret_config: $(from_file upstream_ca)}}}}"
}

# Fills in TLS for the gateway's own port, and for its calls to itself.
fill_edge_tls() {
  if ! check_pair GATEWAY_TLS_CERT GATEWAY_TLS_KEY; then
    put GATEWAY_EDGE_TLS "$plaintext"
    put GATEWAY_ITSELF_TLS "$plaintext"
    return
  fi
  pair_secret edge_pair GATEWAY_TLS_CERT GATEWAY_TLS_KEY
  put GATEWAY_EDGE_TLS "transport_socket: {name: tls, typed_config: {\"@type\": $type.DownstreamTlsContext, common_tls_context: {\
$tls_params, alpn_protocols: [h2, http/1.1], tls_certificate_sds_secret_configs: [$(from_file edge_pair)]}}}"
  # These calls go over loopback, so the certificate needs no verification.
  put GATEWAY_ITSELF_TLS "transport_socket: {name: tls, typed_config: {\"@type\": $type.UpstreamTlsContext}}"
}
