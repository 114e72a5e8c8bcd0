# Runs as PID 1 of a machine's namespaces and becomes systemd on the machine's own disk.
#
#   sh -euc SCRIPT boot ROOTFS DISK NAME ADDRESS GATEWAY
rootfs=$1 disk=$2 name=$3 address=$4 gateway=$5
root=$disk/root

hostname "$name"
ip link set lo up
ip address add "$address/24" dev eth0
ip link set eth0 up
ip route add default via "$gateway"

mount --make-rprivate /
mount -t overlay -o "lowerdir=$rootfs,upperdir=$disk/upper,workdir=$disk/work" overlay "$root"
mount -t proc -o nosuid,nodev,noexec proc "$root/proc"
mount -t sysfs -o nosuid,nodev,noexec sysfs "$root/sys"
mount -t tmpfs -o mode=755,nosuid,nodev tmpfs "$root/run"
mount -t tmpfs -o nosuid,nodev tmpfs "$root/tmp"

# The controllers as the host has them, and systemd's own hierarchy beside those of version 1.
cgroups=$root/sys/fs/cgroup
if [ -e /sys/fs/cgroup/cgroup.controllers ]; then
	mount -t cgroup2 cgroup2 "$cgroups"
else
	mount -t tmpfs -o mode=755 tmpfs "$cgroups"
	while IFS=: read -r _ controllers _; do
		case $controllers in
		'') continue ;;
		name=*) options=none,$controllers ;;
		*) options=$controllers ;;
		esac
		mkdir "$cgroups/${controllers#name=}"
		mount -t cgroup -o "$options" cgroup "$cgroups/${controllers#name=}"
	done </proc/self/cgroup
fi

mount -t tmpfs -o mode=755,nosuid tmpfs "$root/dev"
mkdir "$root/dev/pts" "$root/dev/shm" "$root/dev/net"
for device in null zero full random urandom tty kmsg fuse net/tun; do
	[ -e "/dev/$device" ] || continue
	: >"$root/dev/$device"
	mount --bind "/dev/$device" "$root/dev/$device"
done
mount -t devpts -o newinstance,ptmxmode=0666,mode=0620,gid=5 devpts "$root/dev/pts"
mount -t tmpfs -o mode=1777,nosuid,nodev tmpfs "$root/dev/shm"
ln -s pts/ptmx "$root/dev/ptmx"
ln -s /proc/self/fd "$root/dev/fd"
ln -s fd/0 "$root/dev/stdin"
ln -s fd/1 "$root/dev/stdout"
ln -s fd/2 "$root/dev/stderr"

# Images cannot be unpacked onto an overlay, and volumes have to be seen by the containers of the machine.
for folder in containerd etcd kubelet; do
	mkdir -p "$disk/data/$folder" "$root/var/lib/$folder"
	mount --bind "$disk/data/$folder" "$root/var/lib/$folder"
done

cd "$root"
mkdir -p .host
pivot_root . .host
umount -l /.host
rmdir /.host
mount --make-rshared /
exec env -i container=nodelab PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin /sbin/init
