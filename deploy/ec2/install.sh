#!/usr/bin/env bash
# Installs exporters on this host, as its distribution does: .deb, .rpm, or a tarball with a systemd unit.
#
#   install.sh --from FOLDER|URL [--sums SHA256] [--format deb|rpm|tar] [--dry-run] EXPORTER...
#   install.sh --uninstall [--dry-run] EXPORTER...
#
# Files are taken from the folder or https URL that `make packages` has filled, and none is touched unless it has the checksum that
# sha256sums.txt there says. Who can write there can write that file, too: --sums says what it must be itself. A second call changes
# nothing. Configuration in /etc is never overwritten; --uninstall removes it as well.
set -euo pipefail

say() { echo "install: $*"; }
die() { echo "install: $*" >&2; exit 1; }
usage() { sed -n '2,/^set /s/^# \{0,1\}//p' "$0" | grep -v '^set '; exit "$1"; }

known=(node-exporter container-exporter blackbox-exporter redis-exporter)
from='' sums='' format='' uninstall='' dry_run='' exporters=()
while (($#)); do
  case $1 in
    --from) from=${2:?--from needs a folder or URL}; shift ;;
    --sums) sums=${2:?--sums needs a SHA-256}; shift ;;
    --format) format=${2:?--format needs deb, rpm or tar}; shift ;;
    --uninstall) uninstall=yes ;;
    --dry-run) dry_run=yes ;;
    --help | -h) usage 0 ;;
    -*) die "unknown option $1; --help tells all" ;;
    *) exporters+=("$1") ;;
  esac
  shift
done
((${#exporters[@]})) || usage 1 >&2
for name in "${exporters[@]}"; do
  [[ " ${known[*]} " == *" $name "* ]] || die "no exporter $name; there are: ${known[*]}"
done

# os-release names itself and its relatives; tests name another.
family() {
  local word
  # shellcheck source=/dev/null
  for word in $(. "${OS_RELEASE:-/etc/os-release}" && echo "$ID ${ID_LIKE:-}"); do
    case $word in
      debian | ubuntu) echo deb; return ;;
      amzn | rhel | fedora | centos | suse | opensuse*) echo rpm; return ;;
    esac
  done
  echo tar
}

machine=${MACHINE:-$(uname -m)}
case $machine in
  x86_64) deb_arch=amd64 ;;
  aarch64 | arm64) deb_arch=arm64 machine=aarch64 ;;
  *) die "no packages for $machine" ;;
esac
format=${format:-$(family)}

# The start and end of the file's name; what is between is its version.
pattern() { # NAME
  case $format in
    deb) echo "$1_[0-9][^ /]*_$deb_arch\.deb" ;;
    rpm) echo "$1-[0-9][^ /]*\.$machine\.rpm" ;;
    tar) echo "$1-[0-9][^ /]*\.linux-$deb_arch\.tar\.gz" ;;
    *) die "--format is deb, rpm or tar, not $format" ;;
  esac
}

fetch() { # NAME FILE
  case $from in
    https://*) curl --fail --silent --show-error --location --proto '=https' --tlsv1.2 --retry 3 --output "$2" "${from%/}/$1" ;;
    http://* | ftp://*) die "$from: only https, or a folder" ;;
    *) cp -- "$from/$1" "$2" ;;
  esac
}

sha256() { sha256sum <"$1" | cut -d' ' -f1; }

as_root() {
  if [[ -n $dry_run ]]; then say "would run: $*"; return; fi
  if ((EUID == 0)); then "$@"; else sudo "$@"; fi
}

# The version that is here, or nothing.
installed() { # NAME
  case $format in
    deb) dpkg-query --show --showformat='${db:Status-Status} ${Version}' "$1" 2>/dev/null | sed -n 's/^installed //p' || true ;;
    rpm) rpm --query --queryformat '%{VERSION}-%{RELEASE}' "$1" 2>/dev/null || true ;;
    tar) cat "/usr/local/lib/$1/version" 2>/dev/null || true ;;
  esac
}

version_of() { # FILE NAME
  local version
  case $format in
    deb) version=${1#"$2"_}; echo "${version%"_$deb_arch.deb"}" ;;
    rpm) version=${1#"$2"-}; echo "${version%".$machine.rpm"}" ;;
    tar) version=${1#"$2"-}; echo "${version%".linux-$deb_arch.tar.gz"}" ;;
  esac
}

with_systemd() { [[ ! -d /run/systemd/system ]] || as_root systemctl "$@"; }

# Users of the two that have one; the others' come and go with them.
user_of() {
  case $1 in
    node-exporter | container-exporter) echo "$1" ;;
  esac
}

install_tar() { # FILE NAME VERSION
  local user folder=$work/tar
  mkdir -p "$folder"
  tar --extract --gzip --file="$1" --directory="$folder" --strip-components=1 --no-same-owner
  user=$(user_of "$2")
  if [[ -n $user ]] && ! getent passwd "$user" >/dev/null; then
    as_root useradd --system --user-group --no-create-home --home-dir /nonexistent --shell /sbin/nologin "$user"
    if [[ $2 == container-exporter ]] && getent group docker >/dev/null; then
      as_root usermod --append --groups docker "$user"
    fi
  fi
  [[ $2 != node-exporter ]] || as_root mkdir -p /var/lib/node-exporter/textfile
  sed -i "s|/usr/bin/$2|/usr/local/bin/$2|" "$folder/$2.service"
  # In another name first, so that a program that runs is no obstacle.
  as_root install -D --mode=755 "$folder/$2" "/usr/local/bin/.$2.new"
  as_root mv --force "/usr/local/bin/.$2.new" "/usr/local/bin/$2"
  as_root install -D --mode=644 "$folder/$2.service" "/etc/systemd/system/$2.service"
  as_root install -D --mode=644 "$folder/$2.socket" "/etc/systemd/system/$2.socket"
  [[ -e /etc/default/$2 ]] || as_root install -D --mode=640 "$folder/$2.default" "/etc/default/$2"
  if [[ $2 == blackbox-exporter && ! -e /etc/$2/blackbox.yml ]]; then
    as_root install -D --mode=644 "$folder/blackbox.yml" "/etc/$2/blackbox.yml"
  fi
  echo "$3" >"$folder/version"
  as_root install -D --mode=644 "$folder/version" "/usr/local/lib/$2/version"
  with_systemd daemon-reload
}

install_one() { # NAME
  local file version expected
  file=$(sed -n "s/^[0-9a-f]\{64\} [ *]\($(pattern "$1")\)$/\1/p" "$work/sha256sums.txt")
  [[ -n $file ]] || die "$from has no $format of $1 for $machine"
  [[ $file != *$'\n'* ]] || die "$from has several versions of $1: ${file//$'\n'/, }"
  version=$(version_of "$file" "$1")
  if [[ $(installed "$1") == "$version" ]]; then
    say "$1 $version is here already"
    return
  fi
  if [[ -n $dry_run ]]; then
    say "would install $file"
    return
  fi
  fetch "$file" "$work/$file"
  expected=$(sed -n "s/^\([0-9a-f]\{64\}\) [ *]$file$/\1/p" "$work/sha256sums.txt")
  [[ $(sha256 "$work/$file") == "$expected" ]] || die "$file has another checksum than sha256sums.txt says: nothing was done"
  case $format in
    deb) as_root env DEBIAN_FRONTEND=noninteractive dpkg --force-confdef --force-confold --install "$work/$file" ;;
    rpm) as_root rpm --upgrade "$work/$file" ;;
    tar) install_tar "$work/$file" "$1" "$version" ;;
  esac
  # Packages of some distributions leave the start to the administrator, who has asked for it by calling this.
  with_systemd enable "$1.service"
  with_systemd restart "$1.service"
  say "$1 $version is installed"
}

uninstall_one() { # NAME
  local user
  if [[ -z $(installed "$1") ]]; then
    say "$1 is not here"
    return
  fi
  with_systemd disable --now "$1.service" "$1.socket"
  case $format in
    deb) as_root dpkg --purge "$1" ;;
    rpm) as_root rpm --erase "$1" ;;
    tar)
      as_root rm -f "/usr/local/bin/$1" "/etc/systemd/system/$1".{service,socket}
      as_root rm -rf "/usr/local/lib/$1"
      with_systemd daemon-reload
      ;;
  esac
  # dpkg has done this.
  as_root rm -f "/etc/default/$1" "/etc/default/$1".{rpmsave,rpmnew}
  as_root rm -rf "/etc/$1" "/var/lib/$1"
  user=$(user_of "$1")
  if [[ -n $user ]] && getent passwd "$user" >/dev/null; then as_root userdel "$user"; fi
  say "$1 is removed"
}

if [[ -n $uninstall ]]; then
  for name in "${exporters[@]}"; do uninstall_one "$name"; done
  exit
fi
[[ -n $from ]] || die "--from FOLDER|URL is missing; --help tells all"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
fetch sha256sums.txt "$work/sha256sums.txt"
[[ -z $sums || $(sha256 "$work/sha256sums.txt") == "$sums" ]] || die "sha256sums.txt is another one than --sums says: nothing was done"
for name in "${exporters[@]}"; do install_one "$name"; done
