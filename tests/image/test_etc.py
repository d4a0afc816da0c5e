# SPDX-License-Identifier: MIT
"""The system's own configuration: what of it an image honours."""

CRYPTTAB = """# name device key options
root UUID=1 none luks,x-initrd.attach
swap UUID=2 /dev/urandom swap,initramfs
home UUID=3 /etc/keys/home luks
damaged
\tdata  UUID=4\t/etc/keys/data luks,initramfs,header=/etc/keys/header
usb UUID=5 /key:UUID=6 initramfs
"""


def built(root, *words):
    done = root.build("-f", *words)
    assert done.returncode == 0, done.said
    return done.said.splitlines()[:-1]


def test_crypttab_has_what_is_opened_early(root):
    root.text("etc/crypttab", CRYPTTAB)
    said = built(root)
    assert root.cat("etc/crypttab").decode().splitlines() == [
        "root UUID=1 none luks,x-initrd.attach",
        "swap UUID=2 /dev/urandom swap,initramfs",
        "\tdata  UUID=4\t/etc/keys/data luks,initramfs,header=/etc/keys/header",
        "usb UUID=5 /key:UUID=6 initramfs",
    ]
    assert [s for s in said if "/etc/crypttab" in s] == [
        "slipway: line 5 of /etc/crypttab in TEST/root names no device, ignoring"
    ]


def test_crypttab_of_its_own(root):
    root.text("etc/crypttab", CRYPTTAB)
    root.text("etc/crypttab.initramfs", "root UUID=7 none tries=1\nmore UUID=8\n")
    built(root)
    lines = root.cat("etc/crypttab").decode().splitlines()
    assert lines[:2] == ["root UUID=7 none tries=1", "more UUID=8"]
    assert [line.split()[0] for line in lines] == ["root", "more", "swap", "data", "usb"]


def test_crypttab_without_early_rows_is_left_out(root):
    root.text("etc/crypttab", "home UUID=3 none luks\n")
    built(root)
    assert "etc/crypttab" not in root.names()


def test_crypttab_that_was_installed(root, tmp_path):
    root.text("etc/crypttab", CRYPTTAB)
    (tmp_path / "mine").write_text("mine UUID=9\n")
    built(root, "--install", f"{tmp_path}/mine /etc/crypttab")
    assert root.cat("etc/crypttab") == b"mine UUID=9\n"


def test_keys_are_not_taken_in_by_themselves(root):
    root.text("etc/crypttab", CRYPTTAB)
    for name in ("home", "data", "header"):
        root.text(f"etc/keys/{name}", "secret")
    assert [s for s in built(root) if "etc/keys" in s] == [
        f'slipway: the {what} /etc/keys/{name} of data is not taken in: "files += /etc/keys/{name}" in slipway.conf '
        "puts it into the image, where whoever can read that can read it too, ignoring"
        for what, name in (("key", "data"), ("header", "header"))
    ]
    assert not [n for n in root.names() if n.startswith("etc/keys")]
    assert not [s for s in built(root, "--files", "/etc/keys/data /etc/keys/header") if "etc/keys" in s]
    assert root.cat("etc/keys/data") == b"secret"


def test_options_for_init(root):
    root.text("etc/cmdline.d/root.conf", "rootflags=noatime\n")
    root.text("etc/cmdline.d/readme", "no\n")
    root.text("etc/kernel/cmdline", "root=UUID=1\n")
    root.text("etc/modules-load.d/kvm.conf", "kvm\n")
    built(root)
    names = root.names()
    assert root.cat("etc/cmdline.d/root.conf") == b"rootflags=noatime\n"
    assert not {"etc/cmdline.d/readme", "etc/kernel/cmdline", "etc/modules-load.d/kvm.conf"} & set(names)


def test_configuration_comes_with_who_reads_it(root):
    expected = {
        "mdadm": {"etc/mdadm.conf", "etc/mdadm/mdadm.conf", "etc/mdadm/mdadm.conf.d/a.conf"},
        "lvm": {"etc/lvm/lvm.conf", "etc/lvm/lvmlocal.conf", "etc/lvm/profile/a.profile"},
        "loadkeys": {"etc/vconsole.conf"},
    }
    everything = set().union(*expected.values())
    for path in everything:
        root.text(path, "")
    built(root)
    assert not everything & set(root.names())
    for program, paths in expected.items():
        root.copy("dash", f"usr/sbin/{program}")
        built(root, "--files", f"/usr/sbin/{program}")
        assert everything & set(root.names()) == paths
        (root.path / f"usr/sbin/{program}").unlink()


def test_usr_of_its_own(root):
    """Its file system's module and checker are taken in, though the root has another type."""
    root.copy("dash", "usr/sbin/fsck.vfat")
    root.text("etc/fstab", "UUID=0 / vfat rw 0 1\nUUID=1 /usr ext4 ro 0 2\n")
    built(root, "--omit-modules", "kernel/drivers/")
    loaded = root.cat("etc/modules-load.d/slipway.conf").decode()
    assert loaded == "# the file system of /usr, ext4 (/etc/fstab)\nfs-ext4\n"
    assert "usr/sbin/fsck.ext4" in root.names()
    root.text("etc/fstab", "UUID=0 / vfat rw 0 1\n/x /usr none bind 0 0\n")
    built(root)
    assert "usr/sbin/fsck.ext4" not in root.names()
    assert "etc/modules-load.d/slipway.conf" not in root.names()
