#!/usr/bin/env bash
# Prints what one user of the broker may do, for mosquitto's acl_file (which VerneMQ reads too).
#
#   acl.sh edge USER SITE PLACE ...      a site: writes below its own places, reads what is addressed to it
#   acl.sh viewer USER AREA              sees its area
#   acl.sh worker USER AREA              sees its area, and sends reviews
#   acl.sh operator USER AREA            sees its area, and sends reviews and commands
#   acl.sh department USER AREA KIND     sees one kind of alert in its area
#   acl.sh cases USER AREA DEPARTMENT    a department: its cases in its area, and its answers
#   acl.sh centre USER AREA              a grid centre: hears its area, and writes to its sites and to all departments
#   acl.sh bridge USER AREA              the broker of an area below
#
# PLACE is area/grid/micro-grid, e.g. 320583102201/003/02. AREA is the beginning of one: 32, 3205, 320583, 320583102,
# 320583102201, 320583102201/003 or 320583102201/003/02. ROOT is what the topics begin with (mg/v1). FORM=emqx prints for
# EMQX's acl.conf instead, where {deny, all}. must be the last line; FORM=nats for nats/users.conf, with the user's
# password, or its bcrypt hash, in PASSWORD.
set -euo pipefail

root=${ROOT:-mg/v1}
form=${FORM:-mosquitto}
case $form in mosquitto | emqx) ;; nats)
    [[ ${PASSWORD:-} =~ ^[^\"\\[:space:]]+$ ]] || { echo "Give PASSWORD, without spaces, \" and \\." >&2; exit 64; } ;;
    *) echo "FORM is mosquitto, emqx or nats, not $form." >&2; exit 64 ;; esac
usage() { sed -n '4,11s/^# *//p' "$0" >&2; exit 64; }
[ $# -ge 3 ] || usage
role=$1 user=$2
shift 2

levels() { # the topic levels of an area, cut as the topics are
    [[ $1 =~ ^([0-9]{2}|[0-9]{4}|[0-9]{6}|[0-9]{9}|[0-9]{12}(/[A-Za-z0-9-]+){0,2})$ ]] || {
        echo "$1 is no area: give 2, 4, 6, 9 or 12 digits, after 12 also /grid and /micro-grid." >&2
        exit 64
    }
    local code=${1%%/*} path= length
    for length in 2 4 6 9 12; do
        if [ "$length" -le ${#code} ]; then path+=${path:+/}${code:0:length}; fi
    done
    echo "$path${1#"$code"}"
}
subject() { # as NATS names a topic: it takes no dot in a level
    local text=${1//./_}
    text=${text//\//.}
    text=${text//+/\*}
    echo "${text//#/>}"
}
list() {
    local text
    text=$(printf ', "%s"' "$@")
    echo "[${text:2}]"
}
allow() { # access class levels
    if [ "$form" = mosquitto ]; then
        echo "topic $1 $root/$2/$3"
        return
    fi
    if [ "$form" = nats ]; then
        local subject
        subject=$(subject "$root/$2/$3")
        # NATS's > stands for one level or more, MQTT's # also for none.
        case $1 in write | readwrite) may_write+=("$subject") ;;& read | readwrite) may_read+=("$subject") ;; esac
        case $1,$subject in read*,*.\>) may_read+=("${subject%.>}") ;; esac
        return
    fi
    local action
    case $1 in read) action=subscribe ;; write) action=publish ;; readwrite) action=all ;; esac
    echo "{allow, {username, \"$user\"}, $action, [\"$root/$2/$3\"]}."
}
name() { # one level of a topic
    [[ $1 =~ ^[A-Za-z0-9._-]+$ ]] || { echo "$1 is no name: give letters, digits, dots, hyphens." >&2; exit 64; }
}
outgoing=(alert open evidence camera site reply)

case $form,$user in nats,*.*) echo "NATS: a user's name has no dot, for a site's name is a level." >&2; exit 64 ;; esac
case $user in *[[:space:]/+#\"\\]*) echo "A user's name has no space, /, +, #, \" or \\." >&2; exit 64 ;; esac

# Printed as a whole or not at all: the output is appended to the broker's file.
entry() {
    if [ "$form" = nats ]; then may_read=() may_write=(); elif [ "$form" = mosquitto ]; then echo "user $user"; else echo "%% $user"; fi
    if [ "$role" = edge ]; then
        for at in "${places[@]}"; do
            allow write alert "$at/+"
            allow readwrite open "$at/+/+"
            allow write evidence "$at/+/+/+"
            allow write camera "$at/_/+"
            for class in site reply; do allow write "$class" "$at/_/$site"; done
            for class in review command; do allow read "$class" "$at/_/$site"; done
        done
        return
    fi
    case $role in
        viewer | worker | operator) for class in "${outgoing[@]}"; do allow read "$class" "$at/#"; done ;;&
        worker | operator) allow write review "$at/#" ;;&
        operator) allow write command "$at/#" ;;
        department)
            allow read alert "$at/$kind"
            allow read open "$at/$kind/+"
            allow read evidence "$at/$kind/+/+"
            ;;
        cases)
            allow read "dept/$kind" "$at/#"
            allow write "answer/$kind" "$at/#"
            ;;
        centre)
            for class in "${outgoing[@]}" answer/+; do allow read "$class" "$at/#"; done
            for class in review command dept/+; do allow write "$class" "$at/#"; done
            ;;
        bridge)
            for class in "${outgoing[@]}"; do allow write "$class" "$at/#"; done
            for class in review command; do allow read "$class" "$at/#"; done
            ;;
    esac
}

case $role in
    edge)
        site=$1
        name "$site"
        shift
        [ $# -ge 1 ] || usage
        places=()
        for place in "$@"; do
            [[ $place == */*/* ]] || { echo "$place is no place: give area/grid/micro-grid." >&2; exit 64; }
            at=$(levels "$place")
            places+=("$at")
        done
        ;;
    viewer | worker | operator | centre | bridge) at=$(levels "$1") ;;
    department)
        [ $# -eq 2 ] || usage
        kind=$2
        name "$kind"
        at=$(levels "$1")
        # Below its area: the levels that are left, down to the micro-grid.
        slashes=${at//[^\/]/}
        for _ in $(seq $((6 - ${#slashes}))); do at+=/+; done
        ;;
    cases)
        [ $# -eq 2 ] || usage
        kind=$2
        name "$kind"
        at=$(levels "$1")
        ;;
    *) usage ;;
esac
entry
if [ "$form" = nats ]; then
    # What QoS 1 delivers comes by a subject of its own. Without a list everything would be allowed.
    publish='{deny: ">"}'
    if [ ${#may_write[@]} -gt 0 ]; then publish=$(list "${may_write[@]}"); fi
    subscribe=$(list "${may_read[@]}" '$MQTT.sub.>')
    echo "{user: \"$user\", password: \"$PASSWORD\", permissions: {publish: $publish, subscribe: $subscribe}}"
fi
