#!/bin/sh
# Behaves like the entry points of the official images, as far as docker-compose.yml relies on them.
set -eu
case "$1" in
postgres)
    install -d -o postgres -m 700 "$PGDATA"
    if [ ! -s "$PGDATA/PG_VERSION" ]; then
        install -o postgres -m 400 "$POSTGRES_PASSWORD_FILE" /tmp/pw
        # shellcheck disable=SC2086
        setpriv --reuid=postgres --regid=postgres --clear-groups initdb -U postgres --pwfile=/tmp/pw \
            --auth-local=trust ${POSTGRES_INITDB_ARGS:-} >/dev/null
        rm -f /tmp/pw
        echo 'host all all all scram-sha-256' >>"$PGDATA/pg_hba.conf"
    fi
    exec setpriv --reuid=postgres --regid=postgres --clear-groups "$@" -c listen_addresses='*' -c unix_socket_directories=/tmp
    ;;
redis-server)
    chown redis /data
    exec setpriv --reuid=redis --regid=redis --clear-groups "$@" --bind '* -::*'
    ;;
server)
    exec /opt/moto/bin/python /opt/moto/object_store.py
    ;;
*)
    exec "$@"
    ;;
esac
