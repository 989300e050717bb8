#!/usr/bin/env bash
# Holds certaudit's facts of endpoints against those of openssl s_client, sslscan
# and testssl.sh at real servers, which the tests start on this machine: nginx,
# apache2, postfix, dovecot, PostgreSQL, MariaDB, slapd, vsftpd, prosody and
# openssl s_server. Prints one line for each fact: agree, or differ with the
# reason. A difference without a known reason makes it fail.
#
#	compare.sh            with s_client and sslscan, a minute
#	compare.sh -testssl   with testssl.sh, too: some minutes for each server
set -euo pipefail
cd "$(dirname "$0")"
case ${1-} in
-testssl) export CERTAUDIT_COMPARE=testssl ;;
'') ;;
*) sed -n 's/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
esac
log=$(mktemp)
trap 'rm -f "$log"' EXIT
status=0
go test -count 1 -timeout 3h -v -run 'Compare|Postfix|Dovecot|PostgreSQL|MariaDB|Slapd|Vsftpd|Prosody' . >"$log" 2>&1 || status=$?
grep -E ' (agree|differ|DIFFER)[: ]|\*\*\*|^ *--- (SKIP|FAIL)' "$log" | sed -E 's/^ +[a-z_]+_test\.go:[0-9]+: //'
printf '\n%s facts agree, %s differ for a known reason, %s differ\n' "$(grep -c ' agree ' "$log" || true)" "$(grep -c ' differ: ' "$log" || true)" "$(grep -c ' DIFFER: ' "$log" || true)"
exit "$status"
