#!/bin/sh
# Starts PostgreSQL, and creates its data the first time.
#   POSTGRES_PASSWORD   password of the superuser "postgres"; needed the first time
#   PGDATA              where the data are
# The *.sql files in /docker-entrypoint-initdb.d run once, in order. Every environment variable is a psql variable of
# the same name there: CREATE ROLE catalog LOGIN PASSWORD :'CATALOG_PASSWORD';
set -eu

# A shell that is process 1 ignores a signal it has no trap for.
trap 'exit 143' INT TERM

# The new data get their final name only when they are complete: a start that dies half-way is repeated from the beginning.
new="$PGDATA.new"

create() {
	: "${POSTGRES_PASSWORD:?is needed to create the database}"
	rm -rf "$new"
	mkdir -p "$(dirname "$PGDATA")"
	printf '%s' "$POSTGRES_PASSWORD" >/tmp/password
	initdb -D "$new" --username=postgres --pwfile=/tmp/password --auth=scram-sha-256 \
		--encoding=UTF8 --locale=C.UTF-8 --no-sync
	rm /tmp/password
	echo 'host all all all scram-sha-256' >>"$new/pg_hba.conf"
	echo "listen_addresses = '*'" >>"$new/postgresql.conf"
}

# Scripts run while nobody but us can connect: only on the socket inside this container.
run_scripts() {
	pg_ctl -D "$new" -o "-c listen_addresses=''" -w -s start
	awk 'BEGIN { for (name in ENVIRON) if (name ~ /^[A-Za-z_][A-Za-z0-9_]*$/) print "\\getenv " name " " name }' >/tmp/environment.psql
	for script in /docker-entrypoint-initdb.d/*.sql; do
		[ -e "$script" ] || continue
		echo "running $script"
		PGPASSWORD="$POSTGRES_PASSWORD" psql -X -q -v ON_ERROR_STOP=1 -U postgres -d postgres -f /tmp/environment.psql -f "$script"
	done
	pg_ctl -D "$new" -m fast -w -s stop
}

if [ ! -s "$PGDATA/PG_VERSION" ]; then
	create
	run_scripts
	sync
	rm -rf "$PGDATA"
	mv "$new" "$PGDATA"
fi

# A pod's fsGroup opens every folder of a volume to its group at each mount; the server refuses to start on such data.
chmod 0700 "$PGDATA"

# Its stop signal is SIGINT (set in the image): a fast shutdown. SIGTERM would wait for every client to leave.
exec postgres -D "$PGDATA" "$@"
