#!/usr/bin/env bash
# Measures certaudit against a bare handshake loop over the same TLS endpoints,
# and against sslscan and testssl.sh. README.md says how to read what it prints.
# Nothing here passes or fails: it prints numbers.
set -euo pipefail
export LC_ALL=C

usage() {
	cat <<'END'
usage: run.sh [-farm DIR] [-n N] [-p PAIRS] [-c N] [-b BINARY] [-timeout S] [-full N] [-big]

  -farm DIR   sources of tlsfarm (../../../../shared/bench/tlsfarm beside this file, when it is there)
  -n N        endpoints (5000)
  -p PAIRS    measured pairs (5)
  -c N        connections at once (128)
  -b BINARY   certaudit to measure (built from this checkout)
  -timeout S  seconds for one endpoint, where a tenth of them hangs (3)
  -full N     endpoints of the comparison of --depth full with sslscan; 0 leaves it out (50)
  -big        also 50,000 endpoints: memory
END
}

bench=$(cd "$(dirname "$0")" && pwd)
farm='' count=5000 pairs=5 at=128 binary='' timeout=3 full=50 big=''
if [ -d "$bench/../../../../shared/bench/tlsfarm" ]; then farm=$(cd "$bench/../../../../shared/bench/tlsfarm" && pwd); fi
while [ $# -gt 0 ]; do
	case $1 in
	-farm | -n | -p | -c | -b | -timeout | -full)
		[ $# -ge 2 ] || { usage >&2; exit 2; }
		case $1 in
		-farm) farm=$(cd "$2" && pwd) ;;
		-n) count=$2 ;;
		-p) pairs=$2 ;;
		-c) at=$2 ;;
		-b) binary=$(cd "$(dirname "$2")" && pwd)/$(basename "$2") ;;
		-timeout) timeout=$2 ;;
		-full) full=$2 ;;
		esac
		shift 2 ;;
	-big) big=yes; shift ;;
	-h | -help | --help) usage; exit 0 ;;
	*) usage >&2; exit 2 ;;
	esac
done
for number in "$count" "$pairs" "$at" "$timeout" "1$full"; do
	case $number in '' | *[!0-9]* | 0*) usage >&2; exit 2 ;; esac
done
[ -n "$farm" ] || { echo 'run.sh: name the sources of tlsfarm: -farm DIR' >&2; exit 2; }

work=$(mktemp -d "${TMPDIR:-/tmp}/certaudit-bench.XXXXXX")
farms=''
stop_farms() {
	local pid
	for pid in $farms; do kill "$pid" 2>/dev/null || true; done
	for pid in $farms; do wait "$pid" 2>/dev/null || true; done
	farms=''
}
trap 'stop_farms; rm -rf "$work"' EXIT
mkdir "$work/bin" "$work/t"

cd "$bench"
go build -o "$work/bin/" ./bare ../../certfile/bench/measure
(cd "$farm" && go build -o "$work/bin/tlsfarm" .)
if [ -z "$binary" ]; then
	binary=$work/bin/certaudit
	(cd ../../.. && CGO_ENABLED=0 go build -trimpath -o "$binary" ./cmd/certaudit)
fi

# A policy that asks for no probe: standard depth is one handshake.
cat >"$work/none.yaml" <<'END'
id: none
title: One handshake
version: "1"
rules:
  - {id: expired, check: expired, severity: high}
END

# --- endpoints ---------------------------------------------------------------

# serve NAME COUNT ARGUMENT...: starts as many farms as it takes for COUNT
# endpoints, each below the limit on open files, and waits until all are ready.
# Leaves targets.txt, facts.jsonl and ca.pem in the folder NAME.
serve() {
	local name=$1 left=$2 first=0 most n part hard
	shift 2
	hard=$(ulimit -Hn)
	most=50000
	if [ "$hard" != unlimited ] && [ $((hard / 3 * 2)) -lt "$most" ]; then most=$((hard / 3 * 2)); fi
	mkdir "$work/$name"
	while [ "$left" -gt 0 ]; do
		n=$((left < most ? left : most))
		part=$work/$name/$first
		: >"$part.log"
		"$work/bin/tlsfarm" --out "$part" --count "$n" --for 1h --spread addresses --port 47443 \
			--addr "127.$((16 + first / 65536)).$((first / 256 % 256)).$((first % 256))" "$@" >"$part.log" 2>&1 &
		farms="$farms $!"
		for _ in $(seq 600); do
			if grep -q '^ready' "$part.log"; then break; fi
			sleep 0.1
		done
		grep -q '^ready' "$part.log" || { cat "$part.log" >&2; exit 1; }
		cat "$part/targets.txt" >>"$work/$name/targets.txt"
		cat "$part/facts.jsonl" >>"$work/$name/facts.jsonl"
		cat "$part/ca.pem" >>"$work/$name/ca.pem"
		first=$((first + n)) left=$((left - n))
	done
}

# --- measuring ---------------------------------------------------------------

# once NAME COMMAND...: appends "wall user system peak-KiB status" to t/NAME.
once() {
	local name=$1
	shift
	rm -rf "$work/out"
	"$work/bin/measure" -allow 0,1,3 -log "$work/log.$name" "$@" >>"$work/t/$name"
	printf '.' >&2
}

bare() { once "$1" "$work/bin/bare" -c "$at" "${@:3}" "$work/$2/targets.txt"; }
# scan NAME FARM FLAG...
scan() { once "$1" "$binary" scan --progress none -j "$at" --per-host 0 --roots "$work/$2/ca.pem" -o "$work/out" -t "$work/$2/targets.txt" "${@:3}"; }
# endpoints: how many the last scan has seen.
endpoints() { grep -c '^{"kind":"endpoint"' "$work/out/evidence.jsonl" || true; }

median() { sort -n | awk '{v[NR]=$1} END {print NR%2 ? v[(NR+1)/2] : (v[NR/2]+v[NR/2+1])/2}'; }
wall() { cut -f1 "$work/t/$1" | median; }
cpu() { awk '{print $2+$3}' "$work/t/$1" | median; }
total() { awk '{s+=$2+$3} END {print s}' "$work/t/$1"; }
peak() { cut -f4 "$work/t/$1" | sort -n | tail -n 1; } # the worst, in KiB
# ratio A B: the median over the pairs of A's CPU time by B's.
ratio() { paste "$work/t/$1" "$work/t/$2" | awk '{print ($2+$3)/($7+$8)}' | median; }
spread() { paste "$work/t/$1" "$work/t/$2" | awk '{print ($2+$3)/($7+$8)}' | sort -n | awk 'NR==1 {a=$1} {b=$1} END {printf "%.2f to %.2f", a, b}'; }
mib() { awk -v k="$1" 'BEGIN {printf "%.1f", k/1024}'; }
missing() { printf '*** %s is not installed: nothing to compare with ***\n' "$1"; }

printf 'measuring ' >&2
serve clean "$count"
bare warm clean # the farm has made its keys, and the kernel its tables; not counted
for _ in $(seq "$pairs"); do
	bare bare clean
	scan standard clean -p "$work/none.yaml"
	standard=$(endpoints)
	bare hybrid clean -hybrid
	scan baseline clean -p baseline
done
# The descriptors that a system allows by default, and as many jobs as endpoints.
(
	ulimit -Sn 1024
	ulimit -Hn 1024 2>/dev/null || true
	scan descriptors clean -p "$work/none.yaml" -j "$count"
)
descriptors=$(endpoints)
lack=$(grep -c '"reason":"too_many_objects"' "$work/out/evidence.jsonl" || true)
scan clean-wall clean -p "$work/none.yaml" --timeout "${timeout}s"
stop_farms

serve hung "$count" --behaviour normal=90,hang=10
scan hung hung -p "$work/none.yaml" --timeout "${timeout}s"
hung=$(grep -c '"behaviour":"hang"' "$work/hung/facts.jsonl" || true)
timeouts=$(grep -c '"reason":"timeout"' "$work/out/evidence.jsonl" || true)
stop_farms

if [ "$full" -gt 0 ]; then
	serve full "$full"
	scan full full -p "$work/none.yaml" --depth full
	if command -v sslscan >/dev/null; then
		while read -r target; do once sslscan sslscan --no-colour "$target"; done <"$work/full/targets.txt"
	fi
	testssl=$(command -v testssl || command -v testssl.sh || true)
	if [ -n "$testssl" ]; then
		once testssl "$testssl" --quiet --warnings batch --color 0 -p -E -f -P -S "$(head -n 1 "$work/full/targets.txt")" </dev/null
	fi
	stop_farms
fi
if [ -n "$big" ]; then
	serve big 50000
	scan big big -p "$work/none.yaml"
	large=$(endpoints)
	stop_farms
fi
printf '\n' >&2

# --- the report --------------------------------------------------------------

row() { # name, its pair (or empty), goal
	local per
	per=$(awk -v n="$count" -v c="$(cpu "$1")" 'BEGIN {printf "%.0f", n/c}')
	printf '%-10s %8.2f %8.2f %10s %16s' "$1" "$(wall "$1")" "$(cpu "$1")" "$(mib "$(peak "$1")")" "$per"
	if [ -n "$2" ]; then
		printf '   %6.2f  (%s; goal %s)' "$(ratio "$1" "$2")" "$(spread "$1" "$2")" "$3"
	fi
	printf '\n'
}

printf '\n%s, %s cores, %s %s\n' "$(go version | cut -d' ' -f3)" "$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 1)" "$(uname -sm)" \
	"$(git -C "$bench" rev-parse --short HEAD 2>/dev/null || echo 'no revision')"
printf '%s endpoints, %s of them observed, %s connections at once, medians of %s pairs\n\n' "$count" "$standard" "$at" "$pairs"
printf '%-10s %8s %8s %10s %16s   %6s\n' '' 'wall s' 'CPU s' 'peak MiB' 'endpoints/CPU s' 'CPU ÷ bare'
row bare '' ''
row hybrid '' ''
row standard bare 1.5
row baseline bare 2.2
printf '\nstandard, endpoints per CPU second by those of a bare client with the hybrid key share: %.2f (goal 1.05)\n' "$(ratio hybrid standard)"
printf 'peak memory at %s endpoints: %s MiB (goal 64 at 5,000)\n' "$count" "$(mib "$(sort -n <(peak standard) <(peak baseline) | tail -n 1)")"
printf 'with 1,024 descriptors and -j %s: %s of %s observed, %s for lack of descriptors not; %s\n' "$count" "$descriptors" "$count" "$lack" \
	"$(grep -o 'the system allows.*' "$work/log.descriptors" || echo 'no word of fewer jobs')"
awk -v w="$(wall hung)" -v clean="$(wall clean-wall)" -v hung="$hung" -v at="$at" -v t="$timeout" -v seen="$timeouts" 'BEGIN {
	rounds = int((hung + at - 1) / at)
	printf "%d of them hang (%d timeouts recorded): wall %.2f s; at most %d x %d s + 1.2 x %.2f s = %.2f s\n",
		hung, seen, w, rounds, t, clean, rounds*t + 1.2*clean}'

if [ "$full" -gt 0 ]; then
	awk -v c="$(cpu full)" -v n="$full" 'BEGIN {printf "\n--depth full: %.1f ms of CPU for each of %d endpoints\n", c/n*1000, n}'
	if [ -s "$work/t/sslscan" ]; then
		awk -v a="$(total sslscan)" -v b="$(cpu full)" -v n="$full" 'BEGIN {printf "sslscan: %.1f ms; certaudit takes %.2f of it (goal 0.5)\n", a/n*1000, b/a}'
	else
		missing sslscan
	fi
	if [ -s "$work/t/testssl" ]; then
		awk -v a="$(cpu testssl)" -v b="$(cpu full)" -v n="$full" 'BEGIN {printf "testssl.sh -p -E -f -P -S: %.1f ms; certaudit takes %.4f of it (goal 0.01)\n", a*1000, b/n/a}'
	else
		missing testssl.sh
	fi
fi
if [ -n "$big" ]; then
	printf '\n50,000 endpoints: %s observed, wall %s s, CPU %s s, peak memory %s MiB (goal 256)\n' "$large" "$(wall big)" "$(cpu big)" "$(mib "$(peak big)")"
fi
