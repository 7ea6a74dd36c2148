"""jobs: list the jobs of this shell."""

from ..arguments import Arguments


def parser():
    parser = Arguments("jobs", "List the jobs of this shell: what runs in the background or is "
                               "stopped.")
    parser.add_argument("-l", action="store_true", help="with the tid of the first task of each")
    parser.add_argument("-p", action="store_true", help="those tids alone")
    parser.add_argument("-r", action="store_true", help="only those that run")
    parser.add_argument("-s", action="store_true", help="only those that are stopped")
    parser.add_argument("--json", action="store_true", help="print a JSON list of objects")
    return parser


def main(process, options):
    jobs = process.shell.jobs
    chosen = [job for job in jobs if not job.done() or not (options.r or options.s)]
    if options.r or options.s:
        chosen = [job for job in chosen if job.stopped == options.s]
    if options.json:
        yield from process.say_json([
            {"job": job.number, "tid": job.group, "state": job.state(), "cmd": job.text}
            for job in chosen
        ])
        return 0
    for job in chosen:
        line = str(job.group) if options.p else jobs.line(job, with_tid=options.l)
        yield from process.say(line)
        if job.done():
            jobs.remove(job)
    return 0
