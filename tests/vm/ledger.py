# SPDX-License-Identifier: MIT
"""ledger: a file that a guest adds synced lines to while its disks are recorded: what must be there after a cut."""
import bisect

import powercut

PATH = "/root/ledger"
# Unsynced work besides, so that there is something between the flushes.
WRITE = (f"mkdir -p /root/busy; echo 'line {{n}} of the ledger' >>{PATH}; seq {{n}} 3000 >/root/busy/new; "
         "mv /root/busy/new /root/busy/{n}; rm -f /root/busy/$(({n} - 4)); sync {what}")


def text(lines):
    return "".join(f"line {n} of the ledger\n" for n in range(1, lines + 1))


class Ledger:
    """`told`: for each line the entries that the first disk's record had when the guest said that it was synced."""

    def __init__(self, lines=0):
        self.before, self.told = lines, []

    def write(self, machine, lines):
        """So many more. Every fifth comes with a sync of all."""
        for _ in range(lines):
            n = self.before + len(self.told) + 1
            machine.run(WRITE.format(n=n, what=PATH if n % 5 else ""))
            self.told.append(powercut.count_entries(machine.disks[0].log))

    def synced(self, log, epoch):
        """How many lines are there whatever happens in that epoch of the first disk's."""
        return self.before + bisect.bisect_right([log.epoch_of(n) for n in self.told], epoch)


def check(found, at_least):
    """All the lines, from the first on, none in part."""
    lines = found.count("\n")
    assert found == text(lines), f"the ledger is damaged: {found!r}"
    assert lines >= at_least, f"{at_least} lines were synced, {lines} are there"
