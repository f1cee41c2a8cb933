#!/bin/sh
# Writes .env for docker-compose.yml: .env.example with a random secret in place of every change-me-…
# An .env that is there stays: databases remember the passwords of their first start.
set -eu
cd "$(dirname "$0")/.."
target=${1:-.env}
if [ -e "$target" ]; then
  echo "$target is there already and stays as it is" >&2
  exit 0
fi
umask 077
while IFS= read -r line; do
  case $line in
    \#*) printf '%s\n' "$line" ;;
    *change-me-*) printf '%s%s\n' "${line%%change-me-*}" "$(od -An -N24 -tx1 /dev/urandom | tr -d ' \n')" ;;
    *) printf '%s\n' "$line" ;;
  esac
done < .env.example > "$target.new"
mv "$target.new" "$target"
echo "wrote $target" >&2
