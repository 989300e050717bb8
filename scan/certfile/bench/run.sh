#!/usr/bin/env bash
# Measures certaudit against a bare walk-read-decode-parse loop over the same
# files. README.md says how to read what it prints. Nothing here passes or
# fails: it prints numbers.
set -euo pipefail
export LC_ALL=C

usage() {
	cat <<'END'
usage: run.sh [-n N] [-p PAIRS] [-f FORMATS] [-b BINARY] [-gencerts DIR] [-stores] [-bundle] [-million] [FOLDER]

  -n N           certificates to make when no FOLDER is given (100000)
  -p PAIRS       measured pairs per comparison (7)
  -f FORMATS     "all formats" of the memory comparison (pdf,xlsx,json)
  -b BINARY      certaudit to measure (built from this checkout)
  -gencerts DIR  make the files with the generator in DIR instead of ./corpus
  -stores        also compare JKS, PKCS#12 and PKCS#7 with bare decoder libraries;
                 fetches those through Go's module proxy when they are not there yet
  -bundle        also read all certificates from one bundle, against
                 openssl storeutl -noout -text -certs
  -million       also measure memory: bundles of 100,000 and of 1,000,000
                 certificates (3 GiB of disk, some minutes)
  FOLDER         PEM files to read; nothing is written to it
END
}

count=100000 pairs=7 formats=pdf,xlsx,json binary='' gencerts='' stores='' bundle='' million='' folder=''
while [ $# -gt 0 ]; do
	case $1 in
	-n | -p | -f | -b | -gencerts)
		[ $# -ge 2 ] || { usage >&2; exit 2; }
		case $1 in
		-n) count=$2 ;;
		-p) pairs=$2 ;;
		-f) formats=$2 ;;
		-b) binary=$(cd "$(dirname "$2")" && pwd)/$(basename "$2") ;;
		-gencerts) gencerts=$(cd "$2" && pwd) ;;
		esac
		shift 2 ;;
	-stores) stores=yes; shift ;;
	-bundle) bundle=yes; shift ;;
	-million) million=yes; shift ;;
	-h | -help | --help) usage; exit 0 ;;
	-*) usage >&2; exit 2 ;;
	*)
		[ -z "$folder" ] || { usage >&2; exit 2; }
		folder=$(cd "$1" && pwd)
		shift ;;
	esac
done
for number in "$count" "$pairs"; do
	case $number in '' | *[!0-9]* | 0*) usage >&2; exit 2 ;; esac
done

bench=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d "${TMPDIR:-/tmp}/certaudit-bench.XXXXXX")
trap 'rm -rf "$work"' EXIT
mkdir "$work/bin" "$work/t"

cd "$bench"
go build -o "$work/bin/" ./bare ./measure ./corpus
if [ -z "$binary" ]; then
	binary=$work/bin/certaudit
	(cd ../../.. && CGO_ENABLED=0 go build -trimpath -o "$binary" ./cmd/certaudit)
fi

# --- the files ---------------------------------------------------------------

if [ -n "$folder" ]; then
	: # given
elif [ -n "$gencerts" ]; then
	(cd "$gencerts" && go run . -out "$work/made" -count "$count" -layout pem-tree) >&2
	folder=$work/made/tree-pem
else
	folder=$work/made
	"$work/bin/corpus" -out "$folder" -n "$count"
fi

# The smaller estate of the memory comparison: the first 10,000 files.
small=$work/small
mkdir "$small"
(cd "$folder" && find . -type f | sort) >"$work/files"
head -n 10000 "$work/files" >"$work/files.small"
tar -C "$folder" -cf - -T "$work/files.small" | tar -C "$small" -xf -

# The same certificates in keystores. The libraries that read them barely are in
# a module of their own, which may not be there without a network.
missing=''
if [ -n "$stores" ]; then
	printf 'changeit\n' >"$work/password"
	if (cd stores && go build -o "$work/bin/stores" .) 2>"$work/log.build"; then
		"$work/bin/stores" -pack "$work/stores" "$folder"
	else
		stores='' missing=yes
	fi
fi

# --- measuring ---------------------------------------------------------------

# once NAME COMMAND...: appends "wall user system peak-KiB status" to t/NAME.
once() {
	local name=$1
	shift
	rm -rf "$work/out"
	"$work/bin/measure" -allow 0,1,3 -log "$work/log.$name" "$@" >>"$work/t/$name"
	printf '.' >&2
}

bare() { once "$1" "$work/bin/bare" "$folder"; }
scan() { once "$1" "$binary" scan -q -o "$work/out" "${@:3}" "$2"; }
audit() { once "$1" "$binary" audit -q -p baseline -f "$2" -o "$work/out" "$3"; }

# median: of the numbers on standard input.
median() { sort -n | awk '{v[NR]=$1} END {print NR%2 ? v[(NR+1)/2] : (v[NR/2]+v[NR/2+1])/2}'; }

wall() { cut -f1 "$work/t/$1" | median; }
cpu() { awk '{print $2+$3}' "$work/t/$1" | median; }
peak() { cut -f4 "$work/t/$1" | sort -n | tail -n 1; } # the worst, in KiB
# ratio A B: the median over the pairs of A's CPU time by B's.
ratio() { paste "$work/t/$1" "$work/t/$2" | awk '{print ($2+$3)/($7+$8)}' | median; }
spread() { paste "$work/t/$1" "$work/t/$2" | awk '{print ($2+$3)/($7+$8)}' | sort -n | awk 'NR==1 {a=$1} {b=$1} END {printf "%.2f to %.2f", a, b}'; }
mib() { awk -v k="$1" 'BEGIN {printf "%.1f", k/1024}'; }

kinds='jks pkcs12 pkcs7'

# pair KIND: the bare library and certaudit over one folder of stores. Both must
# find the same number of certificates.
pair() {
	once "bare-$1" "$work/bin/stores" "$work/stores/$1"
	scan "$1" "$work/stores/$1" --password-file "$work/password"
	local bare found
	bare=$(sed -n 's/^certificates=\([0-9]*\) .*/\1/p' "$work/log.bare-$1")
	found=$(grep -c '^{"kind":"observation"' "$work/out/evidence.jsonl")
	[ "$bare" = "$found" ] || { printf '\n%s: %s certificates, and %s by the library\n' "$1" "$found" "$bare" >&2; exit 1; }
}

printf 'measuring ' >&2
bare warm # fills the page cache; not counted
certificates=$(sed -n 's/^certificates=\([0-9]*\) .*/\1/p' "$work/log.warm")
for _ in $(seq "$pairs"); do
	bare bare-scan
	scan scan "$folder"
done
for _ in $(seq "$pairs"); do
	bare bare-audit
	audit audit-json json "$folder"
done
cores=$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 1)
if [ "$cores" -ge 2 ]; then
	for _ in $(seq $((pairs < 3 ? pairs : 3))); do
		GOMAXPROCS=1 bare bare-one-core
		GOMAXPROCS=2 bare bare-two-cores
		GOMAXPROCS=1 scan one-core "$folder" -j 1
		GOMAXPROCS=2 scan two-cores "$folder" -j 2
	done
fi
if [ -n "$stores" ]; then
	for kind in $kinds; do
		for _ in $(seq "$pairs"); do pair "$kind"; done
	done
fi
if [ -n "$bundle" ]; then
	mkdir "$work/bundle"
	(cd "$folder" && tr '\n' '\0' <"$work/files" | xargs -0 cat) >"$work/bundle/bundle.pem"
	for _ in $(seq $((pairs < 3 ? pairs : 3))); do scan one-bundle "$work/bundle"; done
	if command -v openssl >/dev/null; then
		once storeutl sh -c 'openssl storeutl -noout -text -certs "$1" >/dev/null' sh "$work/bundle/bundle.pem"
	fi
fi
if [ -n "$million" ]; then
	for n in 100000 1000000; do
		"$work/bin/corpus" -bundle -out "$work/bundle-$n" -n "$n"
		scan "scan-$n" "$work/bundle-$n"
		audit "json-$n" json "$work/bundle-$n"
		rm -rf "$work/bundle-$n" "$work/out"
	done
fi
audit all-small "$formats" "$small"
audit all-full "$formats" "$folder"
evidence=$(cat "$work/out/evidence.jsonl" 2>/dev/null | wc -c)
printf '\n' >&2

# --- the report --------------------------------------------------------------

row() { # name, its pair (or empty), goal
	local per
	per=$(awk -v n="$certificates" -v w="$(wall "$1")" 'BEGIN {printf "%.0f", n/w}')
	printf '%-16s %8.2f %8.2f %10s %10s' "$1" "$(wall "$1")" "$(cpu "$1")" "$(mib "$(peak "$1")")" "$per"
	if [ -n "$2" ]; then
		printf '   %6.2f  (%s; goal %s)' "$(ratio "$1" "$2")" "$(spread "$1" "$2")" "$3"
	fi
	printf '\n'
}

printf '\n%s, %s cores, %s %s\n' "$(go version | cut -d' ' -f3)" "$cores" "$(uname -sm)" \
	"$(git -C "$bench" rev-parse --short HEAD 2>/dev/null || echo 'no revision')"
printf '%s certificates in %s files, medians of %s pairs\n\n' "$certificates" "$(wc -l <"$work/files" | tr -d ' ')" "$pairs"
printf '%-16s %8s %8s %10s %10s   %6s\n' '' 'wall s' 'CPU s' 'peak MiB' 'certs/s' 'CPU ÷ bare'
cat "$work/t/bare-scan" "$work/t/bare-audit" >"$work/t/bare"
row bare '' ''
row scan bare-scan 1.6
row audit-json bare-audit 3.0

printf '\n'
if [ "$cores" -ge 2 ]; then
	awk -v two="$(wall two-cores)" -v one="$(wall one-core)" \
		-v baretwo="$(wall bare-two-cores)" -v bareone="$(wall bare-one-core)" \
		'BEGIN {printf "wall on 2 cores ÷ 1 core: scan %.2f (%.2f s ÷ %.2f s; goal 0.60), bare %.2f, which is what this machine gives\n", two/one, two, one, baretwo/bareone}'
else
	echo 'scan, wall on 2 cores ÷ 1 core: not measured, there is one core'
fi
small_count=$(wc -l <"$work/files.small" | tr -d ' ')
awk -v a="$(peak all-small)" -v b="$(peak all-full)" -v na="$small_count" -v nb="$(wc -l <"$work/files")" -v f="$formats" 'BEGIN {
	printf "audit -f %s, peak memory: %.1f MiB for %d files, %.1f MiB for %d", f, a/1024, na, b/1024, nb
	if (nb > na) printf " (%.0f bytes for each further file)", (b-a)*1024/(nb-na)
	print ""
}'
awk -v w="$(wall all-full)" -v n="$certificates" -v e="$evidence" \
	'BEGIN {printf "the same audit, wall: %.2f s, %.0f certificates/s; evidence.jsonl %.1f MiB\n", w, n/w, e/1048576}'

if [ -n "$stores" ]; then
	printf '\n%s certificates in stores of 100\n\n' "$(sed -n 's/^certificates=\([0-9]*\) .*/\1/p' "$work/log.bare-jks")"
	printf '%-16s %8s %8s %10s   %6s\n' '' 'bare s' 'scan s' 'peak MiB' 'CPU ÷ bare'
	for kind in $kinds; do
		printf '%-16s %8.3f %8.3f %10s   %6.2f  (%s; goal 1.3)\n' "$kind" "$(cpu "bare-$kind")" "$(cpu "$kind")" \
			"$(mib "$(peak "$kind")")" "$(ratio "$kind" "bare-$kind")" "$(spread "$kind" "bare-$kind")"
	done
fi
if [ -n "$bundle" ]; then
	awk -v n="$certificates" -v c="$(cpu one-bundle)" -v k="$(peak one-bundle)" \
		'BEGIN {printf "\none bundle of %d: %.0f certificates per CPU second, peak %.1f MiB\n", n, n/c, k/1024}'
	if [ -s "$work/t/storeutl" ]; then
		awk -v n="$certificates" -v a="$(cpu storeutl)" -v b="$(cpu one-bundle)" \
			'BEGIN {printf "openssl storeutl: %.0f; certaudit reads %.1f times as many (goal 4)\n", n/a, a/b}'
	else
		echo '*** openssl is not installed: nothing to compare with ***'
	fi
fi
if [ -n "$million" ]; then
	for what in scan json; do
		awk -v w="$what" -v a="$(peak "$what-100000")" -v b="$(peak "$what-1000000")" -v goal="$([ $what = scan ] && echo 400 || echo 600)" 'BEGIN {
			printf "%s of one bundle: peak %.1f MiB for 100,000 certificates, %.1f MiB for 1,000,000: %.0f bytes for each further one (goal %d)\n",
				w == "scan" ? "scan" : "audit -f json", a/1024, b/1024, (b-a)*1024/900000, goal}'
	done
fi
if [ -n "$missing" ]; then
	printf '\n*** THE STORES WERE NOT MEASURED: %s could not be built ***\n' "$bench/stores"
	sed 's/^/    /' "$work/log.build"
fi
