"""Memory for what a run is about to write, so that the machine below does not have to find it then.

The host of a virtual machine may take free memory back (free page reporting of the balloon device)
and maps each page again when it is next touched. Where that costs more than all that nginx does to
write a page, whether a run came by fresh pages or by used ones decides its figure: rates of small
PUTs differed by a third, and the times of a PUT of 1 GB by half.
"""

import contextlib
import mmap
import os

MB = 1 << 20
# What the files and folders of small PUTs take in a second of them, at most: a page for each file,
# and some 3 KB of kernel memory for it and its folder.
SMALL_FILES_MB_PER_SECOND = 200
_POPULATE_WRITE = 23  # MADV_POPULATE_WRITE of linux/mman.h, which Python has no name for


def touch(megabytes):
    """Free again when it returns: the pages that are allocated next are these. Not more than half
    of what is free."""
    size = min(megabytes * MB, os.sysconf("SC_AVPHYS_PAGES") * mmap.PAGESIZE // 2)
    if size == 0:
        return
    with mmap.mmap(-1, size, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS) as memory:
        with contextlib.suppress(OSError):  # before Linux 5.14, or without huge pages
            memory.madvise(mmap.MADV_HUGEPAGE)
            memory.madvise(_POPULATE_WRITE)
