#!/bin/sh
# Runs a program with a throwaway root file system: rootfs.sh ROOT UID PROGRAM ARGUMENTS...
# Programs of this machine can be read and run in it; everything else is ROOT's own and may be destroyed.
set -eu
root=$1 uid=$2
shift 2
mount --make-rprivate /
# Its network is a new one (unshare --net), with nothing in it but itself.
PATH=$PATH:/usr/sbin:/sbin ip link set lo up
mount --bind "$root" "$root"
for folder in /usr /bin /sbin /lib /lib64; do
  if [ -L "$folder" ]; then
    [ -e "$root$folder" ] || cp -P "$folder" "$root$folder"
  elif [ -d "$folder" ]; then
    mkdir -p "$root$folder"
    mount --rbind "$folder" "$root$folder"
  fi
done
mkdir -p "$root/proc" "$root/sys" "$root/tmp" "$root/old" "$root/dev"
chmod 1777 "$root/tmp"
mount --rbind /proc "$root/proc"
for node in null zero full random urandom; do
  : >"$root/dev/$node"
  mount --bind "/dev/$node" "$root/dev/$node"
done
cd "$root"
pivot_root . old
umount -l /old
exec setpriv --reuid "$uid" --regid "$uid" --clear-groups "$@"
