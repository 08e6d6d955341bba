#!/bin/bash
# tools.sh FOLDER: real coding tools, for the tests that run them, as FOLDER/bin/NAME.
#
# They come from the npm registry, at the versions below, and stay for the next
# run. What is there is whole where it is of that version and still starts. A
# tool that cannot be had is left out with a word.
set -euo pipefail
. "$(dirname "$0")/lib.sh"
folder=${1:?usage: tools.sh FOLDER}
need npm flock timeout
mkdir -p "$folder/bin"
folder=$(realpath "$folder")
exec 9>"$folder/lock"
flock 9 # another run may be at it
home=$(mktemp -d /tmp/qt.XXXXXX)
trap 'rm -rf "$home"' EXIT

case $(uname -m) in
x86_64) arch=x64 ;;
aarch64) arch=arm64 ;;
*) skip "no tool is built for $(uname -m)" ;;
esac

# The name that quotad knows it by, its package, and its programs below
# node_modules: the first that starts is taken. A script is run by node.
tools="
	node        node-linux-$arch@22.23.3         node-linux-$arch/bin/node
	claude-code @anthropic-ai/claude-code@2.1.330 @anthropic-ai/claude-code-linux-$arch/claude
	codex       @openai/codex@0.169.0             @openai/codex-linux-$arch/vendor/*/bin/codex
	qwen        @qwen-code/qwen-code@0.24.4       .bin/qwen
	gemini      @google/gemini-cli@0.61.0         .bin/gemini
	opencode    opencode-ai@1.18.33               opencode-linux-$arch/bin/opencode opencode-linux-$arch-baseline/bin/opencode"

# starts NAME: it says its version, in a home of its own.
starts() {
	[ -x "$folder/bin/$1" ] && env -i HOME="$home" PATH=/usr/bin:/bin timeout 60 "$folder/bin/$1" --version >"$home/said" 2>&1
}

# whole NAME PACKAGE
whole() { [ "$(cat "$folder/$1/whole" 2>/dev/null)" = "$2" ] && starts "$1"; }

# fetch NAME PACKAGE: what npm makes of it, put in place at once.
fetch() {
	local new=$folder/$1.new
	rm -rf "$new"
	mkdir -p "$new"
	timeout 300 npm install --prefix "$new" --ignore-scripts --no-audit --no-fund --loglevel=error "$2" >"$folder/$1.log" 2>&1 || return
	rm -rf "${folder:?}/$1"
	mv "$new" "$folder/$1"
}

# link NAME FILE...: bin/NAME runs the first of the files that starts.
link() {
	local name=$1 file
	shift
	for file; do
		[ -e "$file" ] || continue
		rm -f "$folder/bin/$name"
		if head -c 20 "$file" | grep -q '^#!'; then
			printf '#!/bin/sh\nexec "%s" "%s" "$@"\n' "$folder/bin/node" "$(realpath "$file")" >"$folder/bin/$name"
			chmod 755 "$folder/bin/$name"
		else
			ln -s "$(realpath "$file")" "$folder/bin/$name"
		fi
		starts "$name" && return
	done
	return 1
}

# have NAME PACKAGE FILE...
have() {
	local name=$1 package=$2
	shift 2
	if whole "$name" "$package"; then
		say "$package is here"
		return
	fi
	rm -f "$folder/bin/$name" "$folder/$name/whole"
	if ! fetch "$name" "$package"; then
		say "skipped $name: npm cannot install $package: $(head -3 "$folder/$name.log" | tr '\n' ' ')"
		return
	fi
	# shellcheck disable=SC2068 # one of the files is a pattern
	if ! (cd "$folder/$name/node_modules" && link "$name" $@); then
		say "skipped $name: $package does not start: $(tail -1 "$home/said")"
		rm -f "$folder/bin/$name"
		return
	fi
	echo "$package" >"$folder/$name/whole"
	say "$package is installed"
}

while read -r name package files; do
	[ -n "$name" ] || continue
	set -f # the pattern is for later
	# shellcheck disable=SC2086
	set -- $files
	set +f
	have "$name" "$package" "$@" </dev/null
done <<<"$tools"
