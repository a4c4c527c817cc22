"""Resident memory of this process in bytes, now and at its peak, as Linux counts it."""


def resident_memory():
    with open("/proc/self/status") as file:
        fields = dict(line.split(":", 1) for line in file)
    return {
        "resident": 1024 * int(fields["VmRSS"].split()[0]),
        "peak": 1024 * int(fields["VmHWM"].split()[0]),
    }
