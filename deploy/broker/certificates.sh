#!/usr/bin/env bash
# Makes certificates of an authority of one's own for the broker, its sites and its users, with openssl.
#
#   certificates.sh DIR authority NAME         DIR/ca.crt and DIR/ca.key; keep ca.key off the broker
#   certificates.sh DIR server NAME HOST ...   DIR/NAME.crt and DIR/NAME.key for a broker under these names or addresses
#   certificates.sh DIR node NAME HOST ...     the same for one of a cluster, which is a client of the others too
#   certificates.sh DIR client NAME            DIR/NAME.crt and DIR/NAME.key; NAME is the user at the broker
#
# DAYS is how long it holds (authority 3650, others 397). What is there is not overwritten.
set -euo pipefail
umask 077

usage() { sed -n '4,7s/^# *//p' "$0" >&2; exit 64; }
[ $# -ge 3 ] || usage
dir=$1 role=$2 name=$3
shift 3
mkdir -p "$dir"

new_key() {
    if [ -e "$1" ]; then
        echo "$1 is there already: move it away to make a new one." >&2
        exit 1
    fi
    openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$1" 2>/dev/null
}

sign() { # extensions
    openssl req -new -key "$dir/$name.key" -subj "/CN=$name" |
        openssl x509 -req -CA "$dir/ca.crt" -CAkey "$dir/ca.key" -set_serial "0x$(openssl rand -hex 15)" \
            -days "${DAYS:-397}" -extfile <(printf 'basicConstraints=CA:FALSE\n%s\n' "$1") -out "$dir/$name.crt" 2>/dev/null
    chmod 644 "$dir/$name.crt"
}

case $role in
    authority)
        new_key "$dir/ca.key"
        openssl req -x509 -new -key "$dir/ca.key" -subj "/CN=$name" -days "${DAYS:-3650}" -out "$dir/ca.crt"
        chmod 644 "$dir/ca.crt"
        ;;
    server | node)
        [ $# -ge 1 ] || usage
        names=
        for host in "$@"; do
            kind=DNS
            if [[ $host =~ ^[0-9.]+$ || $host == *:* ]]; then kind=IP; fi
            names+=${names:+,}$kind:$host
        done
        new_key "$dir/$name.key"
        usage=serverAuth
        if [ "$role" = node ]; then usage+=,clientAuth; fi
        sign "extendedKeyUsage=$usage
subjectAltName=$names"
        ;;
    client)
        [ $# -eq 0 ] || usage
        new_key "$dir/$name.key"
        sign "extendedKeyUsage=clientAuth"
        ;;
    *) usage ;;
esac
