# Installs programs of Kubernetes in one version from a repository, and what they need beside it, and holds them there.
#   VERSION REPOSITORY KEY PROGRAM...
# An empty REPOSITORY is pkgs.k8s.io; an empty KEY is where pkgs.k8s.io has it below the repository.
set -eu
version=$1 repository=$2 key=$3
shift 3
minor=v${version%.*}
umask 022

debian() {
	export DEBIAN_FRONTEND=noninteractive
	repository=${repository:-https://pkgs.k8s.io/core:/stable:/$minor/deb/}
	key=${key:-${repository%/}/Release.key}
	apt() { apt-get -qq -o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0 -o Dpkg::Options::=--force-confold "$@"; }

	dpkg --force-confold --configure -a # what an installation that was cut off left
	apt update
	if ! [ -e /etc/ssl/certs/ca-certificates.crt ]; then apt install --yes ca-certificates; fi
	mkdir -p /etc/apt/keyrings
	/usr/lib/apt/apt-helper download-file "$key" /etc/apt/keyrings/onprem-kubernetes.asc.new
	mv /etc/apt/keyrings/onprem-kubernetes.asc.new /etc/apt/keyrings/onprem-kubernetes.asc
	echo "deb [signed-by=/etc/apt/keyrings/onprem-kubernetes.asc] $repository /" >/etc/apt/sources.list.d/onprem-kubernetes.list
	apt update
	if ! command -v containerd >/dev/null; then apt install --yes containerd; fi
	if ! command -v conntrack >/dev/null; then apt install --yes conntrack; fi
	wanted=
	for program in "$@"; do wanted="$wanted $program=$version-*"; done
	# shellcheck disable=SC2086 # a list of words
	apt install --yes --allow-downgrades --allow-change-held-packages $wanted
	apt-mark hold "$@" >/dev/null
}

# The repository stays disabled, so that an upgrade of the whole machine does not take Kubernetes along.
redhat() {
	rpm_repository /etc/yum.repos.d/onprem-kubernetes.repo 0
	if ! command -v containerd >/dev/null; then "$manager" install --assumeyes containerd || "$manager" install --assumeyes containerd.io; fi
	if ! command -v conntrack >/dev/null; then "$manager" install --assumeyes conntrack-tools; fi
	wanted=
	for program in "$@"; do wanted="$wanted $program-$version"; done
	# shellcheck disable=SC2086 # a list of words
	"$manager" install --assumeyes --enablerepo=onprem-kubernetes $wanted
}

suse() {
	rpm_repository /etc/zypp/repos.d/onprem-kubernetes.repo 1
	zypper='zypper --non-interactive'
	$zypper --gpg-auto-import-keys refresh onprem-kubernetes
	if ! command -v containerd >/dev/null; then $zypper install containerd; fi
	if ! command -v conntrack >/dev/null; then $zypper install conntrack-tools; fi
	$zypper removelock "$@" || true
	wanted=
	for program in "$@"; do wanted="$wanted $program=$version"; done
	# shellcheck disable=SC2086 # a list of words
	$zypper install --oldpackage $wanted
	$zypper addlock "$@"
}

rpm_repository() { # file enabled
	repository=${repository:-https://pkgs.k8s.io/core:/stable:/$minor/rpm/}
	cat >"$1" <<REPO
[onprem-kubernetes]
name=Kubernetes
baseurl=$repository
enabled=$2
gpgcheck=1
gpgkey=${key:-${repository%/}/repodata/repomd.xml.key}
REPO
}

for manager in apt-get zypper dnf yum none; do
	if command -v "$manager" >/dev/null; then break; fi
done
case $manager in
apt-get) debian "$@" ;;
zypper) suse "$@" ;;
dnf | yum) redhat "$@" ;;
none)
	echo 'no package manager found: apt-get, zypper, dnf or yum'
	exit 1
	;;
esac
