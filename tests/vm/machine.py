# SPDX-License-Identifier: MIT
"""machine: one qemu with its console, its agent and its monitor.

Always TCG: the same everywhere, and what this repository's numbers of seconds mean.
"""
import codecs
import collections
import dataclasses
import json
import pathlib
import re
import shutil
import socket
import subprocess
import threading
import time

QEMU = "qemu-system-x86_64"
FIRMWARE = pathlib.Path("/usr/share/OVMF")
# qemu 7.2 computes the flags of an unlocked cmpxchg16b from a stale state, and a kernel that is interrupted
# there dies in its allocator. -erms: TCG runs `rep movsb` byte by byte.
CPU = "max,-cx16,-erms"


class MachineError(AssertionError):
    """The guest did not do what was waited for; the text ends with what the console said last."""


@dataclasses.dataclass
class Disk:
    """A qcow2 overlay of a raw image; the image itself is never written to."""
    backing: pathlib.Path
    kind: str = "virtio"   # a key of DEVICES
    late: bool = False     # not there until Machine.plug()
    serial: str = None     # for kinds that have one to be set
    overlay: pathlib.Path = None
    log: pathlib.Path = None  # where each write and each flush is recorded, in the format of dm-log-writes

    DEVICES = {
        "virtio": "virtio-blk-pci,drive={id}",
        "nvme": "nvme,drive={id},serial={id}",
        "ahci": "ide-hd,drive={id},bus=ide.{n}",
        "usb": "usb-storage,drive={id}",
        "mmc": "sd-card,drive={id}",
        "scsi": "scsi-hd,drive={id}",
    }
    # qemu does not log zeroes in one piece: other writes may come in between. Of virtio alone.
    LOGGED = ",discard=off,write-zeroes=off"
    # What q35 does not have by itself; one disk of a machine can be of such a kind.
    CONTROLLERS = {"usb": "qemu-xhci", "mmc": "sdhci-pci", "scsi": "virtio-scsi-pci"}

    def create(self, path):
        if self.overlay is None:
            self.overlay = path
            subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", "-F", "raw", "-b", self.backing, path],
                           check=True)

    def arguments(self, n):
        out = self.logged(n) if self.log else [
            "-drive", f"if=none,id=disk{n},file={self.overlay},format=qcow2,cache=unsafe"]
        if self.late:
            return out + ["-device", f"pcie-root-port,id=port{n},chassis={n + 1},slot={n + 1}"]
        if self.kind in self.CONTROLLERS:
            out += ["-device", self.CONTROLLERS[self.kind]]
        device = self.DEVICES[self.kind].format(id=f"disk{n}", n=n) + (f",serial={self.serial}" if self.serial else "")
        return out + ["-device", device + (self.LOGGED if self.log else "")]

    def logged(self, n):
        """blklogwrites above the overlay. Only what is below it may ignore the guest's flushes: it must see them."""
        self.log.write_bytes(b"")
        below = f"driver=qcow2,node-name=below{n},file.driver=file,file.filename={self.overlay}"
        unsafe = "cache.no-flush=on,file.cache.no-flush=on"
        log = f"log.driver=file,log.filename={self.log},log.cache.no-flush=on"
        return ["-blockdev", f"{below},{unsafe}", "-blockdev", f"driver=blklogwrites,node-name=disk{n},file=below{n},{log}"]

    def raw(self, path):
        """The disk as it is now, as a raw image. Only after the machine has ended."""
        subprocess.run(["qemu-img", "convert", "-f", "qcow2", "-O", "raw", self.overlay, path], check=True)
        return path


class Stream:
    """What a serial line says; a thread reads it, so that qemu never waits for us."""

    def __init__(self, sock, log=None, live=None):
        self.sock, self.text, self.ended = sock, "", False
        self.log, self.live = log and open(log, "w", buffering=1, encoding="utf-8"), live
        self.changed = threading.Condition()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        decoder = codecs.getincrementaldecoder("utf-8")("replace")
        while True:
            try:
                data = self.sock.recv(65536)
            except OSError:
                data = b""
            text = decoder.decode(data).replace("\r", "")
            for out in (self.log, self.live):
                if out and text:
                    out.write(text)
                    out.flush()
            with self.changed:
                self.text += text
                self.ended = not data
                self.changed.notify_all()
            if not data:
                return

    def send(self, text):
        try:
            self.sock.sendall(text.encode())
        except OSError as e:
            raise MachineError(f"cannot write to the guest: {e}") from e

    def wait_for(self, regex, timeout, since=0):
        """The match object, or None when the time is up or qemu has gone."""
        pattern, deadline = re.compile(regex, re.M), time.monotonic() + timeout
        with self.changed:
            while True:
                match = pattern.search(self.text, since)
                left = deadline - time.monotonic()
                if match or self.ended or left <= 0:
                    return match
                self.changed.wait(left)


class Monitor:
    """QMP: commands one at a time; events are kept."""

    def __init__(self, sock):
        self.file, self.events, self.answers = sock.makefile("rw"), [], collections.deque()
        self.changed, self.ended = threading.Condition(), False
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        try:
            for line in self.file:
                message = json.loads(line)
                with self.changed:
                    if "event" in message:
                        self.events.append(message)
                    elif "QMP" not in message:
                        self.answers.append(message)
                    self.changed.notify_all()
        except (OSError, ValueError):
            pass
        with self.changed:
            self.ended = True
            self.changed.notify_all()

    def command(self, name, **arguments):
        self.file.write(json.dumps({"execute": name, "arguments": arguments}) + "\n")
        self.file.flush()
        with self.changed:
            if not self.changed.wait_for(lambda: self.answers or self.ended, 30) or not self.answers:
                raise MachineError(f"no answer to QMP {name}")
            answer = self.answers.popleft()
        if "error" in answer:
            raise MachineError(f"QMP {name}: {answer['error']['desc']}")
        return answer["return"]

    def wait_end(self, timeout):
        with self.changed:
            return self.changed.wait_for(lambda: self.ended, timeout)

    def reason(self):
        """Why qemu ended: guest-shutdown, guest-reset, guest-panic, host-…; None while it runs."""
        found = [e["data"]["reason"] for e in self.events if e["event"] == "SHUTDOWN"]
        return found[-1] if found else None


class Machine:
    """A context manager: qemu is gone when the block ends, however it ends."""

    def __init__(self, directory, *, kernel=None, initrd=None, append="", disks=(), memory=512, limit=300, live=None,
                 name="boot", devices=()):
        self.directory, self.disks, self.limit, self.name = pathlib.Path(directory), list(disks), limit, name
        self.kernel, self.initrd, self.append, self.memory, self.live = kernel, initrd, append, memory, live
        self.devices = devices  # words after -device, for what is no disk of ours
        self.commands = 0

    def __enter__(self):
        self.directory.mkdir(parents=True, exist_ok=True)
        argv = ["setpriv", "--pdeathsig", "KILL", QEMU, "-nodefaults", "-no-user-config",
                "-accel", "tcg", "-machine", "q35", "-cpu", CPU, "-smp", "1", "-m", str(self.memory),
                "-display", "none", "-no-reboot", "-device", "pvpanic", *self.boot_arguments()]
        if self.initrd:
            argv += ["-initrd", self.initrd]
        for device in self.devices:
            argv += ["-device", device]
        for n, disk in enumerate(self.disks):
            disk.create(self.directory / f"{self.name}-disk{n}.qcow2")
            argv += disk.arguments(n)
        ours, theirs = zip(*(socket.socketpair() for _ in range(3)))
        for name, sock in zip(("console", "agent", "qmp"), theirs):
            argv += ["-chardev", f"socket,id={name},fd={sock.fileno()}"]
        argv += ["-serial", "chardev:console", "-serial", "chardev:agent", "-mon", "chardev=qmp,mode=control"]
        (self.directory / f"{self.name}.cmd").write_text(" ".join(map(str, argv)) + "\n")
        self.console = Stream(ours[0], self.directory / f"{self.name}.log", self.live)
        self.agent = Stream(ours[1])
        self.stderr = open(self.directory / f"{self.name}.stderr", "w+")
        self.started = time.monotonic()
        self.process = subprocess.Popen([str(a) for a in argv], stdin=subprocess.DEVNULL, stdout=self.stderr,
                                        stderr=self.stderr, pass_fds=[s.fileno() for s in theirs])
        for sock in theirs:
            sock.close()
        self.timer = threading.Timer(self.limit, self.kill)
        self.timer.daemon = True
        self.timer.start()
        self.monitor = Monitor(ours[2])
        self.monitor.command("qmp_capabilities")
        return self

    def boot_arguments(self):
        """The kernel, or the firmware that finds one on the first disk."""
        if self.kernel:
            return ["-kernel", self.kernel, "-append", self.append]
        variables = self.directory / f"{self.name}.vars"
        shutil.copy(FIRMWARE / "OVMF_VARS_4M.fd", variables)
        return ["-drive", f"if=pflash,format=raw,readonly=on,file={FIRMWARE}/OVMF_CODE_4M.fd",
                "-drive", f"if=pflash,format=raw,file={variables}"]

    def __exit__(self, *exc):
        self.timer.cancel()
        self.kill()
        return False

    def kill(self):
        self.process.kill()
        self.process.wait()

    def seconds(self):
        return time.monotonic() - self.started

    def fail(self, what):
        if self.console.ended:
            self.process.wait()
        self.stderr.seek(0)
        end = f"qemu ended: {self.monitor.reason()}" if self.process.poll() is not None else "qemu runs"
        raise MachineError(f"{what} ({self.seconds():.0f} s after start, {end})\n"
                           f"{self.stderr.read()}---- console ----\n{self.console.text[-4000:]}")

    def wait_for(self, regex, timeout=120, since=0):
        """Waits for the console to say it."""
        match = self.console.wait_for(regex, timeout, since)
        return match if match else self.fail(f"the console never said /{regex}/ in {timeout} s")

    def send(self, text):
        """Types on the console; returns the position from which the answer is read."""
        since = len(self.console.text)
        self.console.send(text)
        return since

    def wait_agent(self, timeout=150):
        if not self.agent.wait_for("@@ready\n", timeout):
            self.fail("the agent did not come up")

    def agent_again(self, since, timeout=150):
        """After a kexec: the agent of the next system."""
        if not self.agent.wait_for("@@ready\n", timeout, since):
            self.fail("the agent did not come up again")

    def run(self, command, timeout=60, check=True):
        """Runs shell text in the guest; what it said on stdout and stderr, without the last newline."""
        self.wait_agent()
        self.commands += 1
        mark, since = f"@@{self.commands}:", len(self.agent.text)
        self.agent.send(f"(\n{command}\n) </dev/null 2>&1; code=$?; echo; echo {mark}$code\n")
        match = self.agent.wait_for(re.escape(mark) + r"(\d+)\n", timeout, since)
        if not match:
            self.fail(f"no answer from the guest in {timeout} s to: {command}\n{self.agent.text[since:]}")
        said = self.agent.text[since:match.start()].rstrip("\n")
        if check and match[1] != "0":
            self.fail(f"in the guest, exit code {match[1]}: {command}\n{said}")
        return said

    def order(self, command):
        """A command that ends the guest: its answer is not waited for."""
        self.wait_agent()
        self.agent.send(f"{command}\n")

    def plug(self, n):
        """The late disk arrives."""
        disk = self.disks[n]
        driver, *rest = disk.DEVICES[disk.kind].format(id=f"disk{n}", n=n).split(",")
        self.monitor.command("device_add", driver=driver, id=f"dev{n}", bus=f"port{n}",
                             **dict(word.split("=", 1) for word in rest))

    def wait_end(self, timeout=120):
        """Waits for the guest to end qemu; the reason: guest-shutdown, guest-reset …"""
        if not self.monitor.wait_end(timeout):
            self.fail(f"the guest was still there after {timeout} s")
        self.process.wait()
        for stream in (self.console, self.agent):
            with stream.changed:
                stream.changed.wait_for(lambda s=stream: s.ended, 5)
        return self.monitor.reason()
