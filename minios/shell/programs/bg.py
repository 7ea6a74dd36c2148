"""bg: let a stopped job go on in the background."""

from ..arguments import Arguments


def parser():
    parser = Arguments("bg", "Let a stopped job go on in the background.")
    parser.add_argument("job", nargs="*", metavar="%N",
                        help="the jobs (default: the current one)")
    return parser


def main(process, options):
    shell = process.shell
    for word in options.job or ["%+"]:
        job = shell.jobs.find(word)
        if not job.stopped:
            yield from process.complain(f"job {job.number} is already in the background")
            continue
        shell.continue_job(job)
        yield from process.say(shell.jobs.line(job))
    return 0
