# The files that the checks look at: everything in the repository, committed or not, but nothing ignored. Sourced by bash.
# shellcheck shell=bash

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)

# ours [PATHSPEC…]: their paths from the root, one a line.
ours() {
  local path
  git -C "$root" -c safe.directory='*' ls-files --cached --others --exclude-standard -- "$@" |
    while IFS= read -r path; do
      if [[ -f $root/$path ]]; then printf '%s\n' "$path"; fi
    done
}
