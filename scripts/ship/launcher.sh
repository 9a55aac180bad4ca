#!/bin/sh
# btcagent @VERSION@ on the Deno runtime beside this file: no npm, nothing fetched, and no permission
# but these.
here=$(dirname "$(readlink -f "$0")")
# Deno keeps some 300 KB about the program there. Where it may not, it takes 12 MB more memory.
export DENO_DIR="${CACHE_DIRECTORY:-${XDG_CACHE_HOME:-${HOME:-/nonexistent}/.cache}/btcagent}/@VERSION@"
export DENO_NO_UPDATE_CHECK=1
# One heap for all threads of the runtime, not one for each: 2 to 7 MB less.
export MALLOC_ARENA_MAX=1
exec "$here/deno" run \
  @FLAGS@ \
  "$here/program/@ENTRY@" "$@"
