"""cd: change the folder that names of files start from."""

import os

from ..arguments import Arguments


def parser():
    parser = Arguments("cd", "Change the shell's folder.")
    parser.add_argument("folder", nargs="?", help="where to (default: home; - is where it was)")
    return parser


def main(process, options):
    shell = process.shell
    word = options.folder if options.folder is not None else shell.variables.get("HOME", "/")
    if word == "-":
        word = shell.variables.get("OLDPWD", shell.folder)
        yield from process.say(word)
    folder = os.path.normpath(process.path(word))
    os.listdir(folder)          # raises OSError where there is none, or none to be looked into
    shell.variables["OLDPWD"], shell.folder = shell.folder, folder
    shell.variables["PWD"] = folder
    if process.system.is_local:
        os.chdir(folder)        # for the programs that `run` loads; another's is left alone
    return 0
