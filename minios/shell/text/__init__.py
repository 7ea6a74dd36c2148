"""What the text programs are made of: operands, patterns, keys to sort by, sets of bytes.

Reading order: operands, escapes, patterns, sortkeys, charsets, following, folders.
"""
