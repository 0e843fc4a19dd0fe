#!/usr/bin/env bash
# Installs what the tests and checks need from the system and is missing: Chromium (end-to-end tests) and
# TypeScript (checks the page's JavaScript; nothing is built with it). Does nothing when all is there.
set -euo pipefail
cd "$(dirname "$0")/.."

apt_install() {
  if ! command -v apt-get >/dev/null; then
    echo "Missing: $*. Install it with your system's package manager and run this again." >&2
    exit 1
  fi
  local sudo=""
  [ "$(id -u)" = 0 ] || sudo="sudo"
  echo "Installing $* …"
  $sudo apt-get update -qq >/dev/null
  DEBIAN_FRONTEND=noninteractive $sudo apt-get install -y -qq --no-install-recommends "$@" >/dev/null
}

if [ -z "${CHROMIUM:-}" ] && ! command -v chromium >/dev/null && ! command -v google-chrome >/dev/null; then
  apt_install chromium fonts-liberation
fi

typescript=7.0.2
if [ "$(cat .tools/typescript 2>/dev/null || true)" != "$typescript" ]; then
  command -v npm >/dev/null || apt_install nodejs npm
  echo "Installing TypeScript $typescript …"
  npm install --silent --no-save --no-package-lock --prefix .tools "typescript@$typescript" >/dev/null
  echo "$typescript" > .tools/typescript
fi
