# SPDX-License-Identifier: MIT
"""slipway build -P: an image for each kernel."""
import resource
import shutil

from fixture import KVER

OTHER = "6.1.0-other"


def second_kernel(root):
    shutil.copytree(root.path / "lib/modules" / KVER, root.path / "lib/modules" / OTHER)


def images(root):
    return {p.name: p.read_bytes() for p in (root.path / "boot").iterdir()}


def test_each_kernel_has_its_image(root):
    second_kernel(root)
    (root.path / f"boot/initrd.img-{KVER}").write_bytes(b"old")
    (root.path / "lib/modules/6.9-left-over/kernel").mkdir(parents=True)
    done = root.build("-P", output=False)
    assert done.returncode == 0, done.said
    lines = done.said.splitlines()
    assert lines[0] == (
        "slipway: passing over kernel 6.9-left-over: there is no /usr/lib/modules/6.9-left-over/modules.dep, "
        "which depmod makes"
    )
    assert [line.partition(": ")[2].rpartition(": ")[0] for line in lines[1:]] == [
        f"{kver}: TEST/root/boot/initrd.img-{kver}" for kver in (KVER, OTHER)
    ]
    assert set(images(root)) == {f"initrd.img-{KVER}", f"initrd.img-{OTHER}"}
    assert b"old" not in images(root).values()


def test_one_that_fails_does_not_keep_the_others(root):
    second_kernel(root)
    (root.path / "lib/modules" / KVER / "kernel/fs/jbd2/jbd2.ko").unlink()
    (root.path / f"boot/initrd.img-{KVER}").write_bytes(b"old")
    done = root.build("--regenerate-all", output=False)
    assert done.returncode == 1
    assert f"slipway: {KVER}: cannot take in what module " in done.said
    assert images(root)[f"initrd.img-{KVER}"] == b"old"
    assert f"initrd.img-{OTHER}" in images(root)


def test_what_is_wrong_for_all_is_said_once(root):
    second_kernel(root)
    root.text("etc/slipway.conf", "nix = 1\n")
    done = root.build("-P", output=False)
    assert done.returncode == 1
    assert done.said.count("\n") == 1
    assert images(root) == {}


def test_no_space_is_an_exit_code_of_its_own(root):
    """The images are larger than files may be here."""
    second_kernel(root)
    done = root.build("-P", output=False, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (1024, 1024)))
    assert done.returncode == 4, done.said
    assert done.said.count("cannot write ") == 2
    assert images(root) == {}


def test_words_that_mean_one_kernel(root):
    for words in (["--kver", KVER], ["-o", "x"]):
        done = root.build("-P", *words, output=False)
        assert done.returncode == 2
        assert done.said == (
            f"slipway: cannot use -P with {words[0]}: it makes an image of the usual name for each kernel\n"
        )


def test_no_kernel(root):
    shutil.rmtree(root.path / "lib/modules")
    done = root.build("-P", output=False)
    assert (done.returncode, done.said) == (
        1,
        "slipway: cannot find a kernel: there is none under lib/modules in TEST/root\n",
    )
