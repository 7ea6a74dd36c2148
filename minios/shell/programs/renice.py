"""renice: change the nice value of tasks."""

from ..arguments import Arguments


def parser():
    parser = Arguments("renice", "Change the nice value of tasks, -20 to 19: those of a higher one "
                                 "yield to others more.")
    parser.add_argument("-n", "--priority", dest="nice", type=int, metavar="N")
    parser.add_argument("-p", "--pid", action="store_true", help="tids follow (the default)")
    parser.add_argument("-g", "--pgrp", action="store_true", help="groups follow")
    parser.add_argument("operand", nargs="+", metavar="[N] TID")
    return parser


def main(process, options):
    words = list(options.operand)
    if options.nice is None:        # the form of old: renice 5 7
        if not words[0].lstrip("+-").isdigit() or len(words) < 2:
            parser().error("give a nice value and a TID, as in renice -n 5 -p 7")
        options.nice = int(words.pop(0))
    process.demand("rw")
    system = process.system
    for word in words:
        task = system.find(word)
        chosen = [task]
        if options.pgrp:
            chosen = [each for each in system.tasks()
                      if each.kernel is task.kernel and each.group == task.tid]
        for each in chosen:
            old = each.nice
            yield from system.call(each.kernel.set_nice, each, options.nice, kernel=each.kernel)
            yield from process.say(f"{system.address(each)} (task ID) old priority {old}, "
                                   f"new priority {each.nice}")
    return 0
