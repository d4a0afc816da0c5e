# SPDX-License-Identifier: MIT
"""boot: what one boot costs, in virtual time: qemu counts instructions, one for each nanosecond.

    unpack    kernel log: "Trying to unpack rootfs" to "Freeing initrd memory"
    run       kernel log: "Run /init" to the first act of the real init (next-init.c)

While the guest is idle, virtual time goes on as the host's does. So it would count how long the host takes to answer
for the disk, which is 0.1 ms or, beside other work, 20: what the guest's kernel says it has idled with a disk's answer
outstanding is taken off (`waited`). Idling for a timer is the guest's own doing, and counts.
"""
import dataclasses
import re
import subprocess

# Linux 6.12 tries all of its ciphers for a second, beside /init.
QUIET = "cryptomgr.notests"
WORDS = f"ro console=ttyS0 quiet nokaslr panic=-1 initramfs_async=0 no_timer_check {QUIET}"
QEMU = "qemu-system-x86_64"
# ERMS: TCG counts one instruction for each byte copied. q35: the virtio_pci of `pc` spends 86 ms in a table of ACPI.
# The clock of the host would make the kernel wait for the end of a second's update, or not.
MACHINE = ("-nodefaults", "-no-user-config", "-display", "none", "-no-reboot", "-machine", "q35", "-smp", "1",
           "-accel", "tcg", "-icount", "shift=0,sleep=on", "-cpu", "max,-cx16,-erms",
           "-rtc", "base=2026-11-02T12:00:00,clock=vm")
DISKS = {
    "virtio": ("-device", "virtio-blk-pci,drive=root"),
    "nvme": ("-device", "nvme,drive=root,serial=root"),
    "scsi": ("-device", "virtio-scsi-pci,id=scsi", "-device", "scsi-hd,drive=root,bus=scsi.0,lun=0"),
}
LIMIT = 300  # seconds of the host: an image that waits for what never comes

# While the kernel unpacks the image it makes tracefs's files, too, for 30 ms; on one processor both take turns of a tick,
# 4 ms, so that one of these more or less falls into `unpack`, by a few hundred bytes of the image.
UNTRACED = "initcall_blacklist=tracer_init_tracefs"
# With these words the kernel notes each change of tasks, and so when it idled, and by the same clock what it logs.
TRACED = "trace_event=sched:sched_switch,printk:console trace_buf_size=16M"


class Failed(Exception):
    """The boot did not come to its end; the text is one line."""


@dataclasses.dataclass(frozen=True)
class Cost:
    unpack: float    # ms
    run: float       # ms, without `waited`
    waited: float    # ms idle with a disk's answer outstanding, which the host's load makes
    processes: int   # since the kernel's start; workers and kernel threads of that time, too
    modules: tuple
    available: int   # bytes of memory at the hand-over; with what was freed and lies in the processor's own list
    whole: float     # ms from the kernel's start to the real init, without `waited`
    said: tuple      # ((ms, text), …): the kernel's log, with TRACED alone
    idle: tuple      # ((ms, ms), …): from when to when the processor idled, with TRACED alone

    @property
    def sum(self):
        return self.unpack + self.run


def _log(console):
    """[(ms, text)] of the kernel's log."""
    rows = re.findall(r"^bench: log \d+,\d+,(\d+),[^;]*;(.*?)\r?$", console, re.M)
    return [(int(us) / 1e3, text) for us, text in rows]


def when(log, regex):
    """ms, or None."""
    return next((at for at, text in log if re.search(regex, text)), None)


def _why(console, otherwise):
    """What the machine said last; a panic before all."""
    plain = re.sub(r"\x1b\[[\d;]*[A-Za-z]", "", console).replace("\r", "\n")
    rows = [row.strip() for row in plain.split("\n") if row.strip()]
    panic = [row for row in rows if "Kernel panic" in row]
    last = re.sub(r"^\[[ \d.]+\] ", "", (panic or rows or ["it said nothing"])[-1])
    return f"{otherwise}: {last[:160]}" if otherwise else last[:160]


def _trace(console):
    """((ms, text), …) of the log, ((ms, ms), …) of idling, both by the trace's clock."""
    said, idle, since = [], [], None
    for at, event, text in re.findall(r"^bench: trace .* ([\d.]+): (console|sched_switch): (.*?)\r?$", console, re.M):
        ms = float(at) * 1e3
        if event == "console":
            said.append((ms, re.sub(r"^\[[ \d.]+\] ", "", text)))
        elif " next_pid=0 " in text:
            since = ms
        elif " prev_pid=0 " in text and since is not None:
            idle.append((since, ms))
            since = None
    return tuple(said), tuple(idle)


def busy(cost, begin, end):
    """ms between these two, by the trace's clock, in which the processor did not idle; of a boot as a dict."""
    return end - begin - sum(max(0, min(b, end) - max(a, begin)) for a, b in cost["idle"])


def parse(console):
    log = _log(console)
    begin, end = when(log, "Trying to unpack rootfs"), when(log, "Freeing initrd memory")
    first, last = when(log, r"^Run /\S+ as init"), when(log, "^bench: next init")
    if None in (first, last) or "bench: end" not in console:
        raise Failed(_why(console, ""))
    forks = re.search(r"^bench: stat processes (\d+)", console, re.M)
    memory = re.search(r"^bench: memory MemAvailable:\s+(\d+) kB", console, re.M)
    waited = sum(map(int, re.findall(r"^bench: timers\s+\.iowait_sleeptime:\s*(\d+)", console, re.M))) / 1e6
    freed = sum(map(int, re.findall(r"^bench: freed\s+count:\s*(\d+)", console, re.M)))  # pages
    modules = re.findall(r"^bench: module (\S+)", console, re.M)
    unpack = 0.0 if begin is None or end is None else end - begin
    return Cost(unpack, last - first - waited, waited, int(forks[1]), tuple(modules),
                (int(memory[1]) << 10) + (freed << 12), last - waited, *_trace(console))


def command(kernel, image, root, bus, words, memory, more=()):
    argv = [QEMU, *MACHINE, "-m", str(memory), "-serial", "stdio", "-kernel", kernel, "-append", f"{WORDS} {words}",
            "-drive", f"if=none,id=root,file={root},format=raw,cache=unsafe,snapshot=on", *DISKS[bus], *more]
    return [str(word) for word in (*argv, *(("-initrd", image) if image else ()))]


def run(kernel, image, root, bus="virtio", words="", memory=1024, more=(), limit=LIMIT):
    """Boots it once; a Cost. The disk `root` is not written to. `image` None: without initrd."""
    argv = command(kernel, image, root, bus, words, memory, more)
    try:
        done = subprocess.run(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              text=True, errors="replace", timeout=limit, check=False)
    except subprocess.TimeoutExpired as why:
        said = (why.stdout or b"").decode(errors="replace")
        raise Failed(_why(said, f"no end after {limit} s")) from why
    return parse(done.stdout)
