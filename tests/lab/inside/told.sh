#!/bin/sh
# What a peer says, and when: mdadm --monitor (event, array, member), smartd (SMARTD_MESSAGE),
# keepalived (notify).
mkdir -p /run/lab
echo "$(cut -d' ' -f1 /proc/uptime) $* ${SMARTD_FAILTYPE:-} ${SMARTD_MESSAGE:-}" >> /run/lab/told
