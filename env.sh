export HOME=/tmp/q/history/home XDG_CONFIG_HOME=/tmp/q/history/c XDG_STATE_HOME=/tmp/q/history/s XDG_RUNTIME_DIR=/tmp/q/history/r LANG=C.UTF-8 TZ=Europe/Berlin
unset QUOTAD_CONFIG
export PATH=/tmp/q/history:$PATH
