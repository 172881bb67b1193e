#!/bin/bash
# Runs services against the contract (services/contract/v1/README.md): those that are named, or every one that has a conform.json.
# FLAGS go to the checker.
set -uo pipefail
cd "$(dirname "$0")/.."
bin=$(mktemp -d) && trap 'rm -rf "$bin"' EXIT
go build -o "$bin/conform" ./cmd/conform || exit 1

if [ $# -eq 0 ]; then
	for settings in services/*/conform.json; do set -- "$@" "$(basename "${settings%/conform.json}")"; done
fi
failed=()
for name in "$@"; do
	folder=services/$name settings=services/$name/conform.json
	[ -e "$settings" ] || { echo "there is no $settings"; exit 2; }
	if [ -d "$folder/cmd" ]; then
		go build -o "$bin/$name" "./$folder/cmd" || exit 1
		command=("$bin/$name" serve)
	elif [ -e "$folder/src/main.js" ]; then
		[ -d "$folder/node_modules" ] || npm --prefix "$folder" ci --ignore-scripts --no-fund --no-audit --silent || { echo "$name: LEFT OUT: npm ci failed"; continue; }
		command=(node "$PWD/$folder/src/main.js" serve)
	elif [ -e "$folder/src/main.py" ]; then
		why=$(hack/pythontest.sh missing)
		[ -z "$why" ] || { echo "$name: LEFT OUT: $why"; continue; }
		command=(/usr/bin/python3 "$PWD/$folder/src/main.py" serve)
	elif [ -e "$folder/src/$name/Main.java" ]; then
		why=$(hack/javatest.sh missing)
		[ -z "$why" ] || { echo "$name: LEFT OUT: $why"; continue; }
		hack/javatest.sh build "$name" || exit 1
		command=(java "@$PWD/$folder/java.options" "-Dshop.folder=$PWD/$folder" -cp "$PWD/bin/java/$name:/usr/share/java/postgresql.jar" "$name.Main" serve)
	else
		continue # the mutants' service is run by its own test
	fi
	# shellcheck disable=SC2086 # flags are words
	"$bin/conform" run -f "$settings" ${FLAGS:-} -- "${command[@]}" || failed+=("$name")
done
[ ${#failed[@]} -eq 0 ] || { echo "do not keep the contract: ${failed[*]}"; exit 1; }
