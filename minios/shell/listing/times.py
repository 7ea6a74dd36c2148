"""Times as the listers of Unix write them: CPU time, age, the moment of a start, uptime."""

import time

__all__ = ["age_text", "cpu_text", "cputime_text", "long_start_text", "start_text", "up_text"]

_DAY = 86_400


def cpu_text(seconds):
    """CPU time as in top(1): minutes, seconds and hundredths, `12:03.45`."""
    hundredths = round(seconds * 100)
    return f"{hundredths // 6000}:{hundredths // 100 % 60:02}.{hundredths % 100:02}"


def cputime_text(seconds):
    """CPU time as in `ps -ef`: [DD-]HH:MM:SS."""
    days, rest = divmod(int(seconds), _DAY)
    return (f"{days}-" if days else "") + f"{rest // 3600:02}:{rest // 60 % 60:02}:{rest % 60:02}"


def age_text(seconds):
    """An age as ELAPSED of ps(1): [[DD-]HH:]MM:SS."""
    days, rest = divmod(max(0, int(seconds)), _DAY)
    hours, minutes, seconds = rest // 3600, rest // 60 % 60, rest % 60
    if days:
        return f"{days}-{hours:02}:{minutes:02}:{seconds:02}"
    return (f"{hours:02}:" if hours else "") + f"{minutes:02}:{seconds:02}"


def start_text(moment):
    """START of ps(1), of seconds since the epoch: the time today, the day of an older one."""
    then, today = time.localtime(moment), time.localtime()
    if then[:3] == today[:3]:
        return time.strftime("%H:%M", then)
    return time.strftime("%b%d" if then.tm_year == today.tm_year else "%Y", then)


def long_start_text(moment):
    """STARTED of `ps -o lstart`: date and time."""
    return time.strftime("%a %b %d %H:%M:%S %Y", time.localtime(moment))


def up_text(seconds):
    """How long something runs, as in uptime(1): `3 min`, ` 1:05`, `2 days,  1:05`."""
    days, rest = divmod(max(0, int(seconds)), _DAY)
    hours, minutes = rest // 3600, rest // 60 % 60
    text = f"{hours:2}:{minutes:02}" if hours else f"{minutes} min"
    return (f"{days} day{'s' if days > 1 else ''}, " if days else "") + text
