#!/bin/bash
# Runs the tests of the services in Java, with Debian's JDK and driver of PostgreSQL, and a PostgreSQL of this machine. "javatest.sh missing" only says what is
# not there, "javatest.sh build NAME" compiles a service into bin/java/NAME; "javatest.sh faults" breaks the code in places that matter: each must turn a test red.
# Other arguments are parts of names of tests: hack/javatest.sh Json
set -euo pipefail
cd "$(dirname "$0")/.."
driver=/usr/share/java/postgresql.jar

missing() {
	if ! { javac -version 2>/dev/null | awk '{ exit !($2 + 0 >= 17) }'; }; then
		echo "there is no javac of version 17; go run ./hack/images -stage test wishlists tests it in its image"
	elif [ ! -e $driver ]; then
		echo "there is no $driver: apt-get install libpostgresql-jdbc-java"
	fi
}

# build compiles a service, and tests what it is given: build SOURCES FOLDER
build() {
	mkdir -p "$2"
	# shellcheck disable=SC2046 # names of files are words
	javac -J-XX:TieredStopAtLevel=1 -Xlint:all,-serial --release 17 -cp $driver -d "$2" $(find "$1" -name '*.java')
}

# test FOLDER CLASSES [part of a name]...
tests() {
	# shellcheck disable=SC2046
	javac -J-XX:TieredStopAtLevel=1 -Xlint:all,-serial --release 17 -cp "$2:$driver" -d "$2-test" $(find "$1/test" -name '*.java')
	java "@$1/java.options" "-Dshop.folder=$1" -cp "$2-test:$2:$driver" test.Run "${@:3}"
}

# Of each line of services/*/test/faults: puts NEW in the place of OLD, which stands in the file once, in a copy of the service; \\u007c stands for |.
faults() {
	local folder=$1 copy missed=0 name harm file test old new
	while IFS='|' read -r name harm file test old new; do
		[[ $name == *"${2:-}"* && $name != "#"* && -n $name ]] || continue
		copy=$(mktemp -d)
		cp -r "$folder/." "$copy"
		OLD=$old NEW=$new python3 - "$copy/src/$file" <<-'EOF' || exit 1
			import os, sys
			text, old = open(sys.argv[1]).read(), os.environ['OLD'].replace('\\u007c', '|')
			if text.count(old) != 1: sys.exit(f'{sys.argv[1]} holds what shall be replaced {text.count(old)} times: bring the list up to date')
			open(sys.argv[1], 'w').write(text.replace(old, os.environ['NEW'].replace('\\u007c', '|')))
		EOF
		build "$copy/src" "$copy/classes" 2>/dev/null || { echo "$name: it does not compile"; exit 1; }
		if tests "$copy" "$copy/classes" "$test" >"$copy/log" 2>&1; then
			echo "GREEN $name: $harm"
			missed=1
		elif grep -q '^FAIL ' "$copy/log"; then
			echo "red   $name: $(grep -m1 '^FAIL ' "$copy/log")"
		else
			cat "$copy/log"
			echo "$name: the tests did not run to their end"
			exit 1
		fi
		rm -rf "$copy"
	done <"$folder/test/faults"
	return $missed
}

why=$(missing)
if [ "${1:-}" = missing ]; then
	echo "$why"
	exit
elif [ -n "$why" ]; then
	echo "testing the services in Java: $why" >&2
	exit 1
fi
if [ "${1:-}" = build ]; then
	build "services/$2/src" "bin/java/$2"
	exit
fi
for main in services/*/src/*/Main.java; do
	folder=${main%/src/*} name=$(basename "${main%/src/*}")
	if [ "${1:-}" = faults ]; then
		faults "$folder" "${@:2}"
		continue
	fi
	build "$folder/src" "bin/java/$name"
	tests "$folder" "bin/java/$name" "$@"
done
