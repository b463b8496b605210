#!/usr/bin/env python3
"""Counts pairs of bytes in the files below directories and writes Sources/Matching/LetterPairs.swift's table to stdout.

pairs.py DIRECTORY...   (one for each project; all weigh alike)

A row is for the byte before (the first one for none), a column for the byte; a character c stands for 2 ** -((c - 48) / 4).
"""

import math
import os
import sys

LIMIT = 4_000_000


def index(byte):
    folded = byte | 0x20
    if folded >= 0x80:
        return 62
    return folded - 0x20 if folded < 0x40 else folded - 0x40


def content(directory):
    total = bytearray()
    for place, folders, files in os.walk(directory):
        folders.sort()
        for name in sorted(files):
            path = os.path.join(place, name)
            if os.path.isfile(path) and not os.path.islink(path):
                with open(path, "rb") as file:
                    total += file.read(LIMIT - len(total))
            if len(total) >= LIMIT:
                return total
    return total


def main():
    pairs = [[0.0] * 64 for _ in range(64)]
    classes = [index(byte) for byte in range(256)]
    for directory in sys.argv[1:]:
        numbers = bytes(content(directory)).translate(bytes(classes))
        counts = {}
        for pair in zip(numbers, numbers[1:]):
            counts[pair] = counts.get(pair, 0) + 1
        for (first, second), count in counts.items():
            pairs[first][second] += count / len(numbers) / len(sys.argv[1:])
    sums = [sum(row) for row in pairs]

    def level(share):
        return chr(48 + min(63, round(-4 * math.log2(share))))

    table = [level(value + 1e-7) for value in sums]
    for row, total in zip(pairs, sums):
        table += [level((value + 1e-7) / (total + 64e-7)) for value in row]
    print("".join(table))


main()
