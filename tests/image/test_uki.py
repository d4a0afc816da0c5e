# SPDX-License-Identifier: MIT
"""build --uki: a unified kernel image by objcopy, or by ukify where it is installed."""
import shutil
import subprocess
from pathlib import Path

import pytest

from fixture import KVER

STUB = "usr/lib/systemd/boot/efi/linuxx64.efi.stub"
UKIFY = Path("/usr/bin/ukify").exists()


@pytest.fixture
def uki(root):
    """The stub is an EFI program of x86-64, and so serves as the kernel too."""
    for to in (STUB, f"boot/vmlinuz-{KVER}"):
        (root.path / to).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(Path("/") / STUB, root.path / to)
    root.text("etc/kernel/cmdline", "root=/dev/vda\n  quiet\tx=1\n\n")
    return root


def make(root, *argv, code=0, **more):
    done = root.build("--uki", root.image, *argv, output=False, **more)
    assert done.returncode == code, done.said
    return done.said


def section(root, name):
    done = root.slipway("cat", "-s", root.image, name)
    assert done.returncode == 0, done.said
    return done.stdout


def test_sections(uki):
    assert uki.build().returncode == 0
    initrd = uki.image.read_bytes()
    assert make(uki, "-f").startswith("slipway: TEST/out/image: ")
    assert section(uki, ".initrd") == initrd
    assert section(uki, ".linux") == (Path("/") / STUB).read_bytes()
    assert section(uki, ".cmdline").rstrip(b"\0") == b"root=/dev/vda quiet x=1"
    assert section(uki, ".uname").rstrip(b"\0") == KVER.encode()
    assert section(uki, ".osrel").rstrip(b"\0") == (uki.path / "usr/lib/os-release").read_bytes()
    assert uki.image.stat().st_mode & 0o777 == 0o600
    assert uki.cat("init") == (uki.libexec / "init").read_bytes()


@pytest.mark.skipif(UKIFY, reason="its time is ukify's affair")
def test_twice_the_same(uki):
    make(uki)
    first = uki.image.read_bytes()
    make(uki, "-f")
    assert uki.image.read_bytes() == first
    make(uki, "-f", env={"SOURCE_DATE_EPOCH": "1700000000"})
    assert uki.image.read_bytes() != first
    # The sections lie one behind the other in memory too, the kernel last.
    text = subprocess.run(["objdump", "-h", uki.image], capture_output=True, text=True, check=True).stdout
    rows = [line.split() for line in text.splitlines() if line.strip()[:1].isdigit()]
    for before, after in zip(rows, rows[1:]):
        assert int(before[3], 16) + int(before[2], 16) <= int(after[3], 16)
    added = rows[-5:]
    assert [row[1] for row in added] == [".osrel", ".uname", ".cmdline", ".initrd", ".linux"]
    assert all(int(row[3], 16) % 4096 == 0 for row in added)


def test_without_command_line(uki):
    (uki.path / "etc/kernel/cmdline").unlink()
    assert "cannot find /etc/kernel/cmdline in TEST/root: the unified kernel image has no command line" in make(uki)
    assert uki.slipway("cat", "-s", uki.image, ".cmdline").returncode == 1
    uki.text("usr/lib/kernel/cmdline", "from=vendor\n")
    make(uki, "-f")
    assert section(uki, ".cmdline").rstrip(b"\0") == b"from=vendor"
    make(uki, "-f", "--uki-cmdline", " from=me   x")
    assert section(uki, ".cmdline").rstrip(b"\0") == b"from=me x"


def test_kernel_beside_its_modules(uki):
    """As Fedora and Arch have it; or one that is named."""
    boot = uki.path / f"boot/vmlinuz-{KVER}"
    other = uki.path / "lib/modules" / KVER / "vmlinuz"
    other.write_bytes(boot.read_bytes() + b"other")
    boot.unlink()
    make(uki)
    assert section(uki, ".linux") == other.read_bytes()
    named = uki.image.parent / "named"
    named.write_bytes(other.read_bytes() + b"named")
    make(uki, "-f", "--uki-kernel", named)
    assert section(uki, ".linux") == named.read_bytes()


def no_kernel(root):
    (root.path / f"boot/vmlinuz-{KVER}").unlink()


def foreign_kernel(root):
    path = root.path / f"boot/vmlinuz-{KVER}"
    data = bytearray(path.read_bytes())
    at = int.from_bytes(data[60:64], "little") + 4
    data[at : at + 2] = b"\x64\xaa"
    path.write_bytes(data)


def old_kernel(root):
    (root.path / f"boot/vmlinuz-{KVER}").write_bytes(b"\x1f\x8b" + bytes(100))


@pytest.mark.parametrize(
    "change, said",
    [
        (
            no_kernel,
            f"there is no boot/vmlinuz-{KVER} or usr/lib/modules/{KVER}/vmlinuz in TEST/root; --uki-kernel names it",
        ),
        (old_kernel, f"TEST/root/boot/vmlinuz-{KVER} is no kernel that firmware can start (EFI_STUB)"),
        (
            foreign_kernel,
            "there is no /usr/lib/systemd/boot/efi/linuxaa64.efi.stub in TEST/root; install the package systemd-boot-efi",
        ),
    ],
)
def test_errors(uki, change, said):
    change(uki)
    uki.image.write_bytes(b"old")
    assert make(uki, "-f", code=1) == f"slipway: cannot make a unified kernel image: {said}\n"
    assert uki.image.read_bytes() == b"old"
    assert [p.name for p in uki.image.parent.iterdir()] == ["image"]


@pytest.mark.parametrize(
    "words, said",
    [
        (["--uki", "x", "-o", "y"], "cannot use --uki with -o: it names the one file that is written"),
        (["--uki", "x", "-P"], "cannot use --uki with -P: it names the one file that is written"),
        (["--uki-kernel", "x"], "cannot use --uki-kernel without --uki"),
        (["--uki-cmdline", "x"], "cannot use --uki-cmdline without --uki"),
    ],
)
def test_wrong_words(root, words, said):
    done = root.build(*words, output=False)
    assert (done.returncode, done.said) == (2, f"slipway: {said}\n")


def in_namespace(root, script):
    """Builds where some of the system's directories are others; what is left in TMPDIR afterwards."""
    tmp = root.image.parent / "tmp"
    tmp.mkdir(exist_ok=True)
    words = [*root.command("--uki", root.image, "-f", output=False)]
    done = subprocess.run(
        ["unshare", "-rm", "sh", "-c", script + ' && exec "$@"', "-", *words],
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "TMPDIR": str(tmp)},
    )
    assert not list(tmp.iterdir())
    return done


@pytest.mark.skipif(UKIFY, reason="it lies where this test cannot hide it")
def test_ukify_comes_first(uki):
    """What it is called with, by a stand-in; a kernel-install of systemd gives it the same."""
    uki.text("etc/kernel/uki.conf", "[UKI]\n")
    tool = uki.image.parent / "ukify"
    tool.write_text(
        '#!/bin/sh\nfor a; do printf "%s\\n" "$a"; case $a in --output=*) out=${a#*=};; --cmdline=@*) c=${a#*=@};;\n'
        '--initrd=*) i=${a#*=};; esac; done >"$0.words"\necho wrote it\necho careful >&2\ncat "$c" "$i" >"$out"\n'
    )
    tool.chmod(0o755)
    script = f"mount -t tmpfs none /usr/lib/systemd && mkdir -p /usr/lib/systemd && cp {tool} /usr/lib/systemd/ukify"
    # The stand-in notes its words beside itself, in the namespace's own directory: bring them out.
    tool.write_text(tool.read_text().replace('"$0.words"', f'"{tool}.words"'))
    done = in_namespace(uki, script)
    assert done.returncode == 0, done.stderr
    assert done.stderr.splitlines()[0] == "slipway: careful"
    assert "wrote it" not in done.stderr
    words = Path(f"{tool}.words").read_text().splitlines()
    names = [w.split("=")[0] for w in words]
    assert names == [
        *("build", "--linux", "--initrd", "--stub", "--uname", "--os-release", "--output", "--cmdline", "--config")
    ]
    assert f"--linux={uki.path}/boot/vmlinuz-{KVER}" in words
    assert f"--stub={uki.path}/{STUB}" in words
    assert f"--uname={KVER}" in words
    assert f"--config={uki.path}/etc/kernel/uki.conf" in words
    content = uki.image.read_bytes()
    assert content.startswith(b"root=/dev/vda quiet x=1\x28\xb5\x2f\xfd")


@pytest.mark.skipif(UKIFY, reason="it lies where this test cannot hide it")
def test_ukify_fails(uki):
    tool = uki.image.parent / "ukify"
    tool.write_text("#!/bin/sh\necho no key >&2\nexit 3\n")
    tool.chmod(0o755)
    uki.image.write_bytes(b"old")
    done = in_namespace(uki, f"mount -t tmpfs none /usr/lib/systemd && cp {tool} /usr/lib/systemd/ukify")
    assert done.returncode == 1
    assert done.stderr.splitlines() == [
        "slipway: no key",
        "slipway: cannot make a unified kernel image: /usr/lib/systemd/ukify failed (exit code 3)",
    ]
    assert uki.image.read_bytes() == b"old"


def test_neither_is_installed(uki):
    done = in_namespace(uki, "mount -t tmpfs none /usr/lib/systemd && mount -t tmpfs none /usr/bin")
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == (
        "slipway: cannot make a unified kernel image: there is neither ukify nor objcopy here; install the package "
        "systemd-ukify or binutils"
    )
