"""The terminal: where lines are read, edited and completed, and what everybody prints is shown.

Reading order: terminal (what the shell knows of it), lines, outlet, modes, keyboard, screen;
prompt, editor, devices, history, unfinished, completion; spool, redirect.
"""
