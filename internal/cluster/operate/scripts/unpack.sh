# Imports the images of an unpacked archive and puts its plugins into place, once, and programs, each time. The archive
# goes with the kubelet, which is the last to come, or when only the images were needed.
#
# The stamp lists the images: the kubelet deletes some when the disk fills up, unless containerd (from 1.7 on) knows them
# to be pinned.
#   FOLDER STAMP PROGRAM...
set -eu
folder=$1 stamp=$2
shift 2
umask 022

# A program that runs cannot be written to, but its name can be given to another file.
place() { # file folder
	mkdir -p "$2"
	install -m 0755 "$1" "$2/.${1##*/}.onprem"
	mv "$2/.${1##*/}.onprem" "$2/${1##*/}"
}

if ! [ -e "/var/lib/onprem/$stamp" ]; then
	for plugin in "$folder"/cni/*; do
		if [ -f "$plugin" ]; then place "$plugin" /opt/cni/bin; fi
	done
	ctr='ctr --namespace k8s.io'
	: >"$folder/imported"
	for image in "$folder"/images/*/*.tar; do
		[ -f "$image" ] || continue
		echo "importing ${image##*/}"
		$ctr images import "$image" >"$folder/said"
		awk '$1 == "unpacking" { print $2 } $NF == "saved" { print $1 }' "$folder/said" >>"$folder/imported"
	done
	while read -r name; do
		$ctr images label "$name" io.cri-containerd.pinned=pinned >/dev/null
	done <"$folder/imported"
	rm -rf /var/lib/onprem/archive-* "$folder/images"
	for other in /var/lib/onprem/staging-*; do
		if [ "$other" != "$folder" ]; then rm -rf "$other"; fi
	done
	mv "$folder/imported" "/var/lib/onprem/$stamp"
fi
for program in "$@"; do
	place "$folder/bin/$program" /usr/local/bin
done
case " $* " in
*" kubelet "* | "  ") rm -rf "$folder" ;;
esac
