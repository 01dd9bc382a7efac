# shellcheck shell=bash
# Runs the commands of one block, in namespaces of their own: every port is free, nobody outside can be reached, and all that is
# still running ends with them. `step` is called for each command; what it prints and how it ends goes to files in
# $OUT. Nothing can be written but what is below $FOLDER.
# Programs of distributions have folders of their own below /var; whoever is not root cannot write there anyway.
mount --bind "$FOLDER" "$FOLDER"
mount -o remount,bind,ro / 2>/dev/null
cd "$FOLDER/work" || exit
set -m # each command in the background has a process group, by which it can be ended
ip link set lo up
declare -A running sockets

# NUMBER CODE...: of all parts of a pipeline. A part that writes to one that has ended is no failure.
ended() {
  local number=$1 code last=${!#}
  shift
  for code in "$@"; do
    case $code in
      0 | 141) ;;
      23) [[ $code != "$last" ]] || echo "$code" >"$OUT/$number.code" ;;
      *) echo "$code" >"$OUT/$number.code" ;;
    esac
  done
  [[ -e $OUT/$number.code ]] || echo 0 >"$OUT/$number.code"
}

# Sockets that listen, by their numbers.
listeners() { ss -Hltne | grep --only-matching 'ino:[0-9]*'; }

# NUMBER PROGRAM COMMAND: starts a program that goes on until it is ended, in place of one of the same name, and waits until it
# listens somewhere.
daemon() {
  local number=$1 program=$2 before new pid
  end "$program"
  before=$(listeners)
  eval "$3" >"$OUT/$number" 2>&1 </dev/null &
  pid=$!
  running[$program]=$pid
  while kill -0 "$pid" 2>/dev/null; do
    new=$(listeners | grep --invert-match --line-regexp --fixed-strings --regexp="$before")
    if [[ -n $new ]]; then
      sockets[$program]=$new
      ready "$program"
      echo 0 >"$OUT/$number.code"
      return
    fi
    sleep 0.02
  done
  unset "running[$program]"
  wait "$pid"
  echo $? >"$OUT/$number.code"
}

# Those that listen before they answer; and Prometheus has looked at its targets, and at its rules.
ready() {
  case $1 in
    prometheus) wait_for http://localhost:9090/-/ready && wait_for_rules ;;
    prometheus-alertmanager | alertmanager) wait_for http://localhost:9093/-/ready ;;
  esac
}

wait_for() { curl --silent --fail --output /dev/null --retry 100 --retry-delay 1 --retry-all-errors "$1"; }

# Two scrapes of itself later than the first of others, it has told of these.
wait_for_rules() {
  local query='query=count_over_time(up{job="node"}[1m]) > 2 and on() count_over_time(prometheus_notifications_alertmanagers_discovered[1m]) > 2'
  until curl --silent --get http://localhost:9090/api/v1/query --data-urlencode "$query" | grep --quiet '"value"'; do sleep 0.2; done
}

end() {
  local pid=${running[$1]:-}
  [[ -n $pid ]] || return 0
  kill -- "-$pid" 2>/dev/null
  wait "$pid" 2>/dev/null
  # That was the shell around it: the program may still hold its port, which the next one wants.
  for _ in {1..500}; do
    listeners | grep --quiet --line-regexp --fixed-strings --regexp="${sockets[$1]:-}" || break
    sleep 0.02
  done
  unset "running[$1]" "sockets[$1]"
}

end_all() {
  local program
  for program in "${!running[@]}"; do end "$program"; done
}
