"""What all cores did since a moment (proc_stat(5))."""


class CpuTime:
    """Begins to count when it is made. Shares are of the time of all cores since."""

    _IDLE = (3, 4)  # idle, iowait
    _STOLEN = 7  # by other virtual machines of the host
    _FIELDS = 8  # those that follow are parts of these

    def __init__(self):
        self._began = self._read()

    def idle_share(self):
        times = self._since()
        return sum(times[i] for i in self._IDLE) / sum(times)

    def stolen_share(self):
        times = self._since()
        return times[self._STOLEN] / sum(times)

    def _since(self):
        return [now - began for now, began in zip(self._read(), self._began)]

    def _read(self):
        with open("/proc/stat", encoding="ascii") as lines:
            return [int(field) for field in lines.readline().split()[1 : 1 + self._FIELDS]]
