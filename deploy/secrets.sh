#!/usr/bin/env bash
# Makes the passwords of the stack, random, and writes down the group of Docker's socket. What is there already stays.
#
#   deploy/secrets.sh            # or: make secrets
#
# They go to deploy/secrets, or to SECRETS. Containers run as several users and must read the files; on this host nobody else
# gets into the folder. Delete a file, run this again and recreate its containers to change a password.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
folder=${SECRETS:-secrets}
socket=${DOCKER_SOCKET:-/var/run/docker.sock}

mkdir -p "$folder/alertmanager"
chmod 700 "$folder"
chmod 755 "$folder/alertmanager"

# 32 random bytes as hexadecimal digits, which need no quoting anywhere.
random() { od -An -N32 -tx1 /dev/urandom | tr -d ' \n'; }

hash_of() { printf %s "$1" | sha256sum | cut -d ' ' -f 1; }

# Whole or not at all, so that a full disk leaves no short password behind.
write() { # NAME, text from standard input
  cat >"$folder/.new"
  chmod 444 "$folder/.new"
  mv "$folder/.new" "$folder/$1"
  echo "made $folder/$1"
}

for name in grafana_admin_password grafana_secret_key redis_password; do
  [[ -s $folder/$name ]] || random | write "$name"
done

if [[ ! -s $folder/redis_acl || ! -s $folder/redis_exporter_passwords || $folder/redis_password -nt $folder/redis_acl ]]; then
  exporter=$(random)
  printf '{"redis://exporter@redis:6379": "%s"}\n' "$exporter" | write redis_exporter_passwords
  # Who has redis_password may do everything but administer; the exporter reads statistics and sizes, not values.
  write redis_acl <<ACL
user default on #$(hash_of "$(<"$folder/redis_password")") ~* &* +@all -@admin
user exporter on #$(hash_of "$exporter") ~* resetchannels -@all +@connection +info +dbsize +config|get +slowlog|get +slowlog|len +latency|latest +latency|histogram +client|list +cluster|info +cluster|nodes +scan +type +memory|usage +strlen +llen +scard +zcard +hlen +xlen +pfcount +xinfo|stream +xinfo|groups +xinfo|consumers
user health on nopass resetchannels -@all +ping
ACL
fi

# Settings of this machine alone; docs/stack.md lists what else may be said here.
if [[ -z ${SECRETS:-} && ! -e .env ]]; then
  if group=$(stat -Lc %g "$socket" 2>/dev/null); then
    echo "DOCKER_GID=$group" >.env
    echo "made deploy/.env with the group of $socket"
  else
    echo "secrets: no $socket: is Docker running? Run this again when it is, or write DOCKER_GID into deploy/.env" >&2
    exit 1
  fi
fi
