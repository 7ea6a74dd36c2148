"""uptime: how long the kernel has run, and how many tasks it has."""

import time

from syscalls import Now, Tasks

from ..arguments import Arguments

SUMMARY = "tell how long the kernel has run, and how many tasks it has"


def main(shell, arguments):
    """uptime"""
    Arguments("uptime", SUMMARY).parse_args(arguments)
    minutes = int((yield Now()) - shell.kernel.booted_at) // 60
    hours, minutes = divmod(minutes, 60)
    up = f"{hours}:{minutes:02}" if hours else f"{minutes} min"
    tasks = yield Tasks()
    ready = sum(info.state == "R" for info in tasks)
    shell.say(f" {time.strftime('%H:%M:%S')} up {up},  {len(tasks)} tasks, {ready} running")
    return 0
