# The pages part of render: routes that serve the files of /docs and of /admin/ from Envoy's memory. render sources this file.
#
# Every FILE may have FILE.br and FILE.gz beside it (`compress` makes them). A request gets the smallest form that its Accept-Encoding
# allows, or 304 if it has the file already. Files in assets/ have a hash in the name and never change, so browsers keep them for a year;
# browsers ask for all other files again each time.
# shellcheck shell=bash
# shellcheck disable=SC2154 # render sets refuse

routes=
declare -A anchors=()

# once_only TEXT: sets `text` to TEXT, and to a YAML alias of it from its second use on. This keeps the configuration small.
once_only() {
  if [[ -n ${anchors[$1]:-} ]]; then text="*${anchors[$1]}"; return; fi
  anchors[$1]=page_${#anchors[@]}
  text="&${anchors[$1]} $1"
}

# add_headers NAME VALUE…: appends response headers to the list `headers`.
add_headers() {
  while (($#)); do
    once_only "{append_action: OVERWRITE_IF_EXISTS_OR_ADD, header: {key: $1, value: \"$2\"}}"
    headers+="${headers:+, }$text"
    shift 2
  done
}

# add_route PATH CONDITION RESPONSE HEADERS…: appends a route for GET and HEAD. CONDITION is one more header match, or empty.
add_route() {
  local condition=$2 response=$3 headers='' match plain
  once_only '{name: ":method", string_match: {safe_regex: {regex: "GET|HEAD"}}}'
  match=$text
  if [[ -n $condition ]]; then once_only "$condition"; match+=", $text"; fi
  add_headers x-content-type-options nosniff referrer-policy no-referrer cross-origin-resource-policy same-origin "${@:4}"
  once_only '{envoy.filters.http.jwt_authn: &page_off {"@type": type.googleapis.com/envoy.config.route.v3.FilterConfig, disabled: true}, envoy.filters.http.grpc_json_transcoder: *page_off}'
  plain=$text
  routes+="                        - {match: {path: \"$1\", headers: [$match]}, direct_response: $response, response_headers_to_add: [$headers], typed_per_filter_config: $plain}"$'\n'
}

# accepts CODING: the header match of requests that accept the content coding with a weight above 0.
accepts() {
  printf '{name: accept-encoding, string_match: {safe_regex: {regex: '\''(?i)(.*,)?\s*%s\s*(;\s*q=(1(\.0*)?|0?\.[0-9]*[1-9][0-9]*)\s*)?(,.*)?'\''}}}' "$1"
}
br=$(accepts br) gzip=$(accepts gzip)

# type_of FILE: sets `type` to the media type of the file.
type_of() {
  case $1 in
    *.html) type='text/html; charset=utf-8' ;;
    *.js) type='text/javascript; charset=utf-8' ;;
    *.css) type='text/css; charset=utf-8' ;;
    *.json) type=application/json ;;
    *.png) type=image/png ;;
    *.svg) type=image/svg+xml ;;
    *.woff2) type=font/woff2 ;;
    *) refuse "$1 has a name of an unknown type" ;;
  esac
}

# serve PATH FILE HEADERS…: appends the routes of one file.
serve() {
  local path=$1 file=$2 type etag cache=no-cache
  shift 2
  [[ $path =~ ^/[0-9A-Za-z._/-]+$ ]] || refuse "the name of the file $file has other characters than letters, digits, '.', '_' and '-'"
  [[ $path != */assets/* ]] || cache='public, max-age=31536000, immutable'
  type_of "$file"
  etag=$(sha256sum "$file")
  etag=${etag:0:16}
  set -- content-type "$type" cache-control "$cache" etag "W/\\\"$etag\\\"" vary accept-encoding "$@"
  add_route "$path" "{name: if-none-match, string_match: {contains: '\"$etag\"'}}" '{status: 304}' "$@"
  if [[ -f $file.br ]]; then add_route "$path" "$br" "{status: 200, body: {filename: \"$file.br\"}}" "$@" content-encoding br; fi
  if [[ -f $file.gz ]]; then add_route "$path" "$gzip" "{status: 200, body: {filename: \"$file.gz\"}}" "$@" content-encoding gzip; fi
  add_route "$path" '' "{status: 200, body: {filename: \"$file\"}}" "$@"
}

# serve_folder FOLDER PATH PAGE HEADERS…: serves index.html, with the HEADERS, at the path PAGE, and all other files below PATH.
serve_folder() {
  local folder=$1 path=$2 page=$3 file
  shift 3
  [[ $folder =~ ^[^\"\\]+$ ]] || refuse "$folder has a quote or a backslash"
  [[ -r $folder/index.html ]] || refuse "$folder/index.html cannot be read"
  serve "$page" "$folder/index.html" "$@"
  while IFS= read -r file; do serve "$path/$file" "$folder/$file"; done < <(
    cd "$folder" && find . -type f ! -name '*.br' ! -name '*.gz' ! -path ./index.html ! -path ./openapi.json -printf '%P\n' | LC_ALL=C sort)
}

# Nothing comes from other origins, nothing is inline, and no other page may frame these pages.
locked="base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
page_headers=(cross-origin-opener-policy same-origin
  permissions-policy 'camera=(), clipboard-read=(), clipboard-write=(self), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()')

# Appends the routes of /openapi.json and /docs.
serve_docs() {
  serve /openapi.json "$GATEWAY_DOCS/openapi.json"
  serve_folder "$GATEWAY_DOCS" /docs /docs "${page_headers[@]}" content-security-policy \
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; $locked"
}

# Appends the routes of the dashboard at /admin/.
serve_dashboard() {
  local config="{\\\"grafana_url\\\":\\\"${GATEWAY_GRAFANA_URL:-}\\\",\\\"docs_url\\\":\\\"${GATEWAY_DOCS_URL-/docs}\\\"}" name
  for name in GATEWAY_GRAFANA_URL GATEWAY_DOCS_URL; do
    [[ ${!name:-} =~ ^((https?:/)?/[0-9A-Za-z._~:/?#@!\&()*+,\;=%-]+)?$ ]] || refuse "$name is neither a URL nor a path: ${!name}"
  done
  add_route /admin '' '{status: 308}' location /admin/
  add_route /admin/config.json '' "{status: 200, body: {inline_string: \"$config\"}}" content-type application/json cache-control no-cache
  serve_folder "$GATEWAY_DASHBOARD" /admin /admin/ "${page_headers[@]}" content-security-policy \
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; require-trusted-types-for 'script'; $locked"
}
