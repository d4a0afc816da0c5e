# SPDX-License-Identifier: MIT
"""Same inputs, same bytes: whoever builds, wherever, whenever, with whatever around."""
import os
import random
import resource
import shutil
import subprocess
import time

import pytest

from fixture import SLIPWAY, Root

NOBODY = 65534


def image(root, **more):
    done = root.build("-f", "--rescue", **more)
    assert done.returncode == 0, done.said
    return root.image.read_bytes()


@pytest.fixture
def first(root):
    """What the others must come to. Of a root where it matters in which order a directory is read: there are six
    libraries of one name, each in a directory that another file of ld.so.conf.d tells of."""
    (root.path / "opt/lib/libconf.so.1").unlink()
    for name in "bdface":
        there = root.path / "opt" / name
        there.mkdir()
        root.copy("libconf.so.1", f"opt/{name}/libconf.so.1")
        root.text(f"etc/ld.so.conf.d/{name}.conf", f"/opt/{name}\n")
    return image(root)


def shuffled_copy(source, to, seed):
    """The same tree, its files made in another order: other inode numbers, another order in each directory."""
    paths = sorted(source.rglob("*"))
    random.Random(seed).shuffle(paths)
    for path in paths:
        target = to / path.relative_to(source)
        target.parent.mkdir(parents=True, exist_ok=True)
        if path.is_symlink():
            target.symlink_to(os.readlink(path))
        elif path.is_file():
            shutil.copy(path, target)
        else:
            target.mkdir(exist_ok=True)


def open_to_others(root):
    root.image.parent.chmod(0o777)
    for path in [root.path, *root.path.parents]:
        if str(path).startswith(("/tmp/", str(root.path.parent))):
            path.chmod(path.stat().st_mode | 0o055)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_other_directory(root, first, tmp_path, parts, seed):
    other = Root(tmp_path / "a longer name, somewhere else", parts)
    shutil.rmtree(other.path)
    shuffled_copy(root.path, other.path, seed)
    assert image(other, cwd="/") == first


def test_other_file_system(root, first):
    """A tmpfs lists what is in a directory in an order of its own."""
    script = 'mount -t tmpfs none "$1" && cp -a "$2" "$1/root" && cd "$1" && shift 2 && exec "$@"'
    words = [w.replace(str(root.path), "root") for w in root.command("-f", "--rescue")]
    mount = root.path.parent / "mount"
    mount.mkdir()
    root.image.unlink()
    subprocess.run(["unshare", "-rm", "sh", "-c", script, "-", mount, root.path, *words], check=True)
    assert root.image.read_bytes() == first


def test_other_time(root, first):
    """A second and more later; and of files that are years older, or from tomorrow."""
    time.sleep(1.1)
    assert image(root) == first
    for i, path in enumerate(sorted(root.path.rglob("*"))):
        when = (0, 1000000000, time.time() + 86400)[i % 3]
        os.utime(path, (when, when), follow_symlinks=False)
    assert image(root) == first


def test_other_user(root, first):
    """Device nodes are written, not made: no privilege is needed. He may not look into the checkout, which may lie
    in root's home: the program is opened for him."""
    if os.geteuid() != 0:
        pytest.skip("only root can be somebody else")
    open_to_others(root)
    with open(SLIPWAY, "rb") as program:
        theirs = image(root, user=NOBODY, group=NOBODY, extra_groups=[], umask=0o077, pass_fds=[program.fileno()],
                       executable=f"/proc/self/fd/{program.fileno()}")
    assert root.image.stat().st_uid == NOBODY
    assert theirs == first
    assert "crw------- dev/console" in root.listing()
    # And of files that are his.
    for path in (root.path, *root.path.rglob("*")):
        os.chown(path, NOBODY, NOBODY, follow_symlinks=False)
    assert image(root) == first


def test_root_of_a_user_namespace(root, first):
    words = ["unshare", "-ru", "sh", "-c", 'hostname elsewhere && exec "$@"', "-", *root.command("-f", "--rescue")]
    root.image.unlink()
    subprocess.run(words, check=True)
    assert root.image.read_bytes() == first


def one_processor():
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})


def few_files():
    resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))


@pytest.mark.parametrize(
    "more",
    [
        {"umask": 0o000},
        {"umask": 0o077},
        {"cwd": "/"},
        {"preexec_fn": one_processor},
        {"preexec_fn": few_files},
        {"env": {"TZ": "Asia/Kathmandu"}},
        {"env": {"LANG": "tr_TR.UTF-8", "LC_ALL": "C", "LANGUAGE": "tr"}},
        {"env": {"HOME": "/nonexistent", "USER": "x", "LOGNAME": "x", "HOSTNAME": "x"}},
        {"env": {"LD_BIND_NOW": "1", "MALLOC_PERTURB_": "165", "ZSTD_CLEVEL": "1", "ZSTD_NBTHREADS": "4"}},
        {"env": {"COLUMNS": "20", "TERM": "dumb", "SHELL": "/bin/false"}},
    ],
    ids=lambda more: "-".join(f"{k}" for k in (more.get("env") or more)),
)
def test_other_surroundings(root, first, more):
    assert image(root, **more) == first


def test_other_temporary_directory(root, first, tmp_path):
    there = tmp_path / "a place for temporary files"
    there.mkdir()
    assert image(root, env={"TMPDIR": str(there)}) == first


def test_over_an_old_image_or_none(root, first):
    root.image.write_bytes(first * 2)
    assert image(root) == first
    root.image.unlink()
    assert image(root) == first
