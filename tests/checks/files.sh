# The files that the checks read: all files of the repository, committed or not, except ignored ones. Sourced by bash.
# shellcheck shell=bash

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)

# ours [PATHSPEC…]: prints their paths from the root, one for each line.
ours() {
  local path
  git -C "$root" -c safe.directory='*' ls-files --cached --others --exclude-standard -- "$@" |
    while IFS= read -r path; do
      if [[ -f $root/$path ]]; then printf '%s\n' "$path"; fi
    done
}
