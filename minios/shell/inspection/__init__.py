"""Looking into tasks: their stacks, what they wait for, who could wake them, what they have open.

Reading order: sources, waits, graph, reasons; tree, spawntree, waittree; descriptors, openfiles;
procfs, freezing, evaluation.
"""
