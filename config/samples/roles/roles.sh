#!/bin/bash
# Gives each service that owns data its role and its schema, from the Secret that the service itself uses: there is no
# second place for a password.
#   roles.sh once|follow   once: as it is now. follow: again when a Secret changes or appears, until it is stopped
#   SECRETS                a folder with one folder for each Secret, named <service>-db, which holds DATABASE_URL
#   PGHOST, PGUSER, PGPASSWORD, …   how to reach PostgreSQL as superuser
#   DATABASE               the database of the shop
#   CONNECTIONS            how many connections a role may have: one service that leaks them must not take all
# Run it as often as you like. It takes nothing away, and never changes the password of a role that is there: releases
# that run hold the old one (services/README.md).
set -uo pipefail
here="$(dirname "$0")"
export ROLE ROLE_PASSWORD DATABASE CONNECTIONS

say() { printf '%s %s\n' "$(date -u +%FT%TZ)" "$*"; }
sql() { psql -X -q -v ON_ERROR_STOP=1 "$@"; }

# decoded TEXT: what %41 and its like stand for.
decoded() { local text="${1//\\/\\\\}"; printf '%b' "${text//%/\\x}"; }

# one FOLDER: the role of one Secret. Who may write a service's Secret may name that service's role and no other.
one() {
	local service url database pattern='^postgres(ql)?://([^:/@]+):([^@/]+)@[^/]+/([^?]+)'
	service="$(basename "$1")"; service="${service%-db}"
	url="$(cat "$1/DATABASE_URL")" || return 1
	if [[ ! "$url" =~ $pattern ]]; then say "$service: DATABASE_URL is no postgres://user:password@host/database"; return 1; fi
	# At once: the next comparison writes BASH_REMATCH anew.
	ROLE="$(decoded "${BASH_REMATCH[2]}")"; ROLE_PASSWORD="$(decoded "${BASH_REMATCH[3]}")"; database="$(decoded "${BASH_REMATCH[4]}")"
	if [[ "$ROLE" != "${service//-/_}" || ! "$ROLE" =~ ^[a-z][a-z0-9_]*$ || "$ROLE" =~ ^(postgres|pg_.*|public)$ ]]; then
		say "$service: its Secret names the role $ROLE, which is not its own"; return 1
	fi
	if [[ "$database" != "$DATABASE" ]]; then say "$service: its Secret names another database than $DATABASE"; return 1; fi
	sql -d "$DATABASE" -f "$here/role.sql" && say "$service: role and schema are there"
}

# all: every Secret, and an error when one was not possible. The others get theirs.
all() {
	local failed=0 folder
	sql -d postgres -f "$here/database.sql" || return 1
	for folder in "$SECRETS"/*-db; do
		[[ -e "$folder/DATABASE_URL" ]] || continue
		one "$folder" || failed=1
	done
	return $failed
}

# state changes whenever a Secret does.
state() { cat "$SECRETS"/*-db/DATABASE_URL 2>/dev/null | sha256sum; }

case "${1:-}" in
once) all ;;
follow)
	# A shell that is process 1 ignores a signal it has no trap for.
	trap 'exit 0' INT TERM
	done_for=""
	while :; do
		now="$(state)"
		if [[ "$now" != "$done_for" ]]; then all && done_for="$now"; fi
		sleep 2 & wait $!
	done
	;;
*) sed -n '2,11p' "$0"; exit 2 ;;
esac
