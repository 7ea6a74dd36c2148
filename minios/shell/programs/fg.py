"""fg: bring a job to the foreground."""

from ..arguments import Arguments


def parser():
    parser = Arguments("fg", "Bring a job to the foreground, and let it go on if it is stopped.")
    parser.add_argument("job", nargs="?", default="%+", metavar="%N",
                        help="the job (default: the current one)")
    return parser


def main(process, options):
    shell = process.shell
    job = shell.jobs.find(options.job)
    yield from process.say(job.text)
    shell.bring_to_foreground(job)
    return 0
