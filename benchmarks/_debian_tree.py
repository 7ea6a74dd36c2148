"""A Debian sid tree in a folder, with Pythons that the system itself does not have yet.

Policy. The system outside is not touched. Whatever runs in the tree does so in mount and process
namespaces of its own (unshare(1)): however it ends, and this program too, the system then takes
the mounts and the processes away, so that removing the folder can never reach through a mount.
Folders of the host are seen through an overlay whose upper layer is memory: programs in the tree
see them as they are at that moment, may write into them, and what they write is gone afterwards.
"""

import os
import shlex
import shutil
import subprocess
import tempfile
from pathlib import Path

__all__ = ["DebianTree", "TreeError", "complaint"]

_MIRROR = "http://deb.debian.org/debian"
_STALE = ("-o", "Acquire::Check-Valid-Until=false")
# What the tests talk to (curl, openssl, redis), and what builds the wheels that an index lacks.
_PROGRAMS = ["ca-certificates", "curl", "gcc", "libc6-dev", "libffi-dev", "openssl", "procps",
             "redis-server"]
_OF_A_PYTHON = ["python{}-venv", "python{}-dev", "libpython{}-testsuite"]
_CERTIFICATES = "etc/ssl/certs/ca-certificates.crt"
_STAMP = "etc/minios-tree"      # so that no other folder is ever taken for a tree, / for example
# Of our environment, what says how to reach package indexes without naming files out here.
_KEPT = ("http_proxy", "https_proxy", "no_proxy", "PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL",
         "PIP_TRUSTED_HOST", "PIP_DEFAULT_TIMEOUT")
_OUTPUT = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}


class TreeError(Exception):
    """The tree cannot be made; the text says what is missing."""


def complaint():
    """What keeps us from making or entering a tree: a sentence, or None."""
    if os.geteuid() != 0:
        return "not root: chroot and mount need it; run it with sudo"
    for program, package in ("debootstrap", "debootstrap"), ("unshare", "util-linux"):
        if shutil.which(program) is None:
            return f"no {program}: apt-get install {package}"
    with tempfile.TemporaryDirectory() as folder:
        trial = f"mount -t tmpfs none {shlex.quote(folder)} && cd {shlex.quote(folder)} && " \
            "mkdir proc dev low up work all && mount -t proc proc proc && " \
            "mount --rbind /dev dev && " \
            "mount -t overlay -o lowerdir=low,upperdir=up,workdir=work overlay all"
        done = subprocess.run([*_unshared(), "sh", "-c", trial], capture_output=True, text=True)
    if done.returncode:
        return (f"nothing can be mounted: {done.stderr.strip()}\nThat takes CAP_SYS_ADMIN, and "
                "overlayfs in the kernel. In a container: docker run --privileged")
    return None


class DebianTree:
    """A tree in `folder`, or in a temporary one that goes when the `with` block is left.

    `mirror` is where Debian comes from. `stale` accepts a mirror whose lists are older than they
    allow themselves to be (Valid-Until); their signatures are checked all the same.
    """

    def __init__(self, folder=None, mirror=None, stale=False):
        self._temporary = folder is None
        self.path = Path(folder or tempfile.mkdtemp(prefix="sid-")).resolve()
        self._mirror = mirror or _MIRROR
        self._apt = ["apt-get", "-q", *(_STALE if stale else ())]

    def __enter__(self):
        return self

    def __exit__(self, *error):
        if self._temporary:
            shutil.rmtree(self.path)

    def make(self):
        """Make the tree if it is not there yet. Raises TreeError."""
        if not (self.path / _STAMP).exists():
            if self.path.exists() and any(self.path.iterdir()):
                raise TreeError(f"{self.path} is neither empty nor a finished tree: name another")
            done = subprocess.run(
                [*_unshared(), "debootstrap", "--variant=minbase", "sid", self.path,
                 self._mirror], **_OUTPUT,
            )
            _check(done, "debootstrap")
            self._take_from_host("etc/resolv.conf")
            self._apt_get("update")
            self._apt_get("install", *_PROGRAMS)
            (self.path / _STAMP).touch()
        # Where a proxy sits in front of the network, its certificate is the host's to know.
        self._take_from_host("etc/resolv.conf")
        self._take_from_host(_CERTIFICATES)

    def add_python(self, version):
        """Install the Python `version` ("3.14"), its venv and its test suite. Raises TreeError."""
        packages = [name.format(version) for name in _OF_A_PYTHON]
        if self.run(["dpkg", "--status", *packages], **_OUTPUT).returncode:
            self._apt_get("update")
            self._apt_get("install", *packages)

    def _take_from_host(self, file):
        if Path("/", file).exists():
            (self.path / file).unlink(missing_ok=True)      # a link would lead out of the tree
            shutil.copyfile(Path("/", file), self.path / file)

    def _apt_get(self, verb, *packages):
        options = ["-y", "--no-install-recommends"] if packages else []
        done = self.run([*self._apt, verb, *options, *packages], **_OUTPUT,
                        environment={"DEBIAN_FRONTEND": "noninteractive"})
        if done.returncode and "is expired" in done.stdout:
            done.stdout += "The mirror is out of date: give another --mirror, or allow it: --stale"
        _check(done, f"apt-get {verb}")

    def run(self, command, folders=(), cwd="/", environment=(), **options):
        """Run `command` (a list) in the tree's folder `cwd`, as subprocess.run does with `options`.

        `folders` are pairs of a folder of the host and the name that it has in the tree. The
        command's environment is `environment` and a few variables besides.
        """
        steps = ["set -e", f"cd {shlex.quote(str(self.path))}", "mount -t proc proc proc",
                 "mount --rbind /dev dev", "mount -t tmpfs layers mnt"]
        for number, (host, inside) in enumerate(folders):
            inside = shlex.quote(inside.lstrip("/"))
            layer = f"mnt/{number}"
            steps += [
                f"mkdir -p {inside} {layer}/upper {layer}/work",
                f"mount -t overlay -o lowerdir={shlex.quote(str(host))},upperdir={layer}/upper,"
                f"workdir={layer}/work overlay {inside}",
            ]
        # A shell stays, as process 1, which the system shields from signals: the command is not.
        steps += ["set +e", 'chroot . sh -c \'cd "$0" && exec "$@"\' "$@"', "exit $?"]
        kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
        return subprocess.run(
            [*_unshared(), "sh", "-c", "\n".join(steps), "sh", cwd, *command],
            env={"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
                 "HOME": "/root", "LANG": "C.UTF-8", "TERM": os.environ.get("TERM", "dumb"),
                 **kept, **dict(environment)},
            **options,
        )


def _unshared():
    return ["unshare", "--mount", "--propagation", "private", "--pid", "--fork", "--kill-child"]


def _check(done, what):
    if done.returncode:
        raise TreeError("\n".join([f"{what} failed:", *done.stdout.splitlines()[-15:]]))
