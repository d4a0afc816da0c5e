# SPDX-License-Identifier: MIT
"""slipway.conf(5): what it puts into an image and what it leaves out."""
from fixture import KVER

CONF = "etc/slipway.conf"
LOAD = "etc/modules-load.d/slipway.conf"


def modules(root):
    return {n.rpartition("/")[2].partition(".")[0] for n in root.names() if ".ko" in n}


def reasons(root):
    """path → reason, as the manifest of the image has them."""
    rows = root.cat("usr/lib/slipway/manifest").decode().splitlines()
    return dict(row.split("\t")[:2] for row in rows if not row.startswith("#"))


def built(root, *words):
    done = root.build("-f", *words)
    assert done.returncode == 0, done.said
    return modules(root)


def test_modules_by_name_alias_and_path(root):
    assert built(root).isdisjoint({"null_blk", "e1000"})
    root.text(CONF, "modules = null_blk kernel/drivers/net/\n")
    assert built(root) >= {"null_blk", "e1000"}
    assert built(root, "--config", "/dev/null", "--modules", "virtio:d00000002v00001AF4") >= {"virtio_blk", "virtio"}
    root.text("etc/fstab", "")
    assert "ext4" in built(root, "--config", "/dev/null", "--modules", "fs-ext4")


def test_modules_that_are_built_in_or_may_be_missing(root):
    usual = built(root)
    assert built(root, "--modules", "vfat fs-vfat kernel/fs/fat/ nix? kernel/nix/?") == usual


def test_modules_say_who_asked(root):
    root.text(CONF, "\nmodules = null_blk\n")
    built(root, "--force-modules", "e1000")
    found = reasons(root)
    drivers = f"usr/lib/modules/{KVER}/kernel/drivers"
    assert found[f"{drivers}/block/null_blk/null_blk.ko"] == "asked for: modules (slipway.conf:2)"
    assert found[f"{drivers}/net/e1000.ko"] == "asked for: --force-modules"


def test_forced_modules_are_loaded_first(root):
    root.text(CONF, "force_modules = virtio_blk ext4\nforce_modules += e1000\n")
    assert built(root) >= {"virtio_blk", "virtio", "e1000"}
    loaded = [line for line in root.cat(LOAD).decode().splitlines() if not line.startswith("#")]
    assert loaded == ["virtio_blk", "ext4", "e1000"]


def test_forced_modules_that_are_built_in_are_not_listed(root):
    root.text("etc/fstab", "")
    built(root, "--force-modules", "vfat")
    assert LOAD not in root.names()


def test_omitted_modules(root):
    """By name and by path; a softdep is no reason to take one in after all."""
    assert built(root) >= {"virtio_blk", "virtio", "ahci", "before", "after", "crc32c_generic"}
    left = built(root, "--omit-modules", "virtio_blk kernel/drivers/ata/ before crc32c_generic nix kernel/nix")
    assert left == {"virtio", "after", "ext4", "jbd2"}


def test_omitted_modules_are_taken_from_a_path(root):
    left = built(root, "--modules", "kernel/drivers/block/", "--omit-modules", "virtio_blk")
    assert "null_blk" in left and "virtio_blk" not in left


def test_files_of_one_name_mask_each_other(root):
    root.text("usr/lib/slipway.conf.d/10-a.conf", "modules = null_blk\n")
    assert "null_blk" in built(root)
    root.text("etc/slipway.conf.d/10-a.conf", "")
    assert "null_blk" not in built(root)


def test_reasons_do_not_tell_where_it_was_built(root, tmp_path):
    (tmp_path / "my.conf").write_text("modules = null_blk\n")
    built(root, "--config", tmp_path / "my.conf")
    assert str(tmp_path).encode() not in root.cat("usr/lib/slipway/manifest")


def details(root):
    """path → what `ls -l` says of it, without its size."""
    lines = root.listing().splitlines()
    return {line[11:].partition(" -> ")[0]: line for line in lines}


def test_files_come_with_their_directories_links_and_libraries(root):
    root.text("opt/d/.hidden", "h")
    root.text("opt/d/sub dir/key", "k")
    (root.path / "opt/d/sub dir/key").chmod(0o600)
    root.copy("libext.so.2", "opt/d/program")
    for name, target in (("shell", "/bin/dash"), ("gone", "nowhere"), ("up", ".."), ("self", "self")):
        root.link(f"opt/d/{name}", target)
    root.link("opt/e", "/opt/d")
    root.text("etc/fstab", "UUID=0 / xfs\n")
    root.text(CONF, 'files = /opt/e "/opt/d/sub dir"\n')
    built(root)
    found = details(root)
    assert {n for n in found if n.startswith("opt/")} == {
        *("opt/d", "opt/d/.hidden", "opt/d/gone", "opt/d/program", "opt/d/self", "opt/d/shell", "opt/d/sub dir"),
        *("opt/d/sub dir/key", "opt/d/up", "opt/e", "opt/lib", "opt/lib/libconf.so.1"),
    }
    assert found["opt/d/sub dir/key"].startswith("-rw-------")
    assert "usr/bin/dash" in found
    assert found["opt/d/up"].endswith(" -> ..")


def test_install_takes_from_this_machine(root, tmp_path):
    host = tmp_path / "my host"
    (host / "d/e").mkdir(parents=True)
    (host / "d/e/f").write_text("text")
    (host / "d/l").symlink_to("e/f")
    (host / "f").symlink_to("d/e/f")
    (host / "program").write_bytes((root.parts.path / "kmod").read_bytes())
    (host / "program").chmod(0o755)
    root.text(CONF, f'install = "{host}/d" /opt/host\ninstall += "{host}/f" "/a b" "{host}/program" /bin/tool\n')
    built(root)
    found = details(root)
    assert {"opt/host", "opt/host/e/f", "a b", "usr/bin/tool", "usr/lib/x86-tiny/libtiny.so.1"} <= set(found)
    assert found["opt/host/l"].endswith(" -> e/f")
    assert root.cat("a b", "opt/host/e/f") == b"texttext"
    assert reasons(root)["a b"] == "asked for: install (slipway.conf:2)"


def test_what_is_installed_comes_before_what_the_sysroot_has(root, tmp_path):
    (tmp_path / "e2fsck.conf").write_text("mine")
    built(root, "--install", f"{tmp_path}/e2fsck.conf /etc/e2fsck.conf")
    assert root.cat("etc/e2fsck.conf") == b"mine"


def test_settings_are_printed_as_they_could_be_written(root, tmp_path):
    root.text(CONF, "modules = a b\ninstall = /x \"/y z\" '/q\"' /r'\"'\"'\"\ncompress = xz:3\n")
    done = root.build("--print-config", "--modules", "c", output=False)
    place = f"{root.path}/{CONF}"
    lines = done.stdout.decode().splitlines()
    assert lines == [
        "mode = generic  # the default",
        "init = slipway  # the default",
        f"modules += a b  # {place}:1",
        "modules += c  # --modules",
        f"""install += /x "/y z" "/q"'"' "/r"'"'"'"  # {place}:2""",
        f"compress = xz:3  # {place}:3",
        "reserve = no  # --reserve",
        "firmware = auto  # the default",
        "microcode = auto  # the default",
        "keymap = auto  # the default",
        "archives = no  # the default",
    ]
    (tmp_path / "again").write_bytes(done.stdout)
    again = root.build("--print-config", "--config", tmp_path / "again", output=False)
    assert [s.partition("  #")[0] for s in again.stdout.decode().splitlines()] == [s.partition("  #")[0] for s in lines]
    assert not list((root.path / "boot").iterdir())
