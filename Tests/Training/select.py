#!/usr/bin/env python3
"""select.py DUMP.jsonl... > ORDINARY.jsonl: of what was measured in ordinary source trees, what is worth learning from.

Ordinary trees hold real credentials too, mostly those of tests, and nobody has labelled them. So what the present model
takes for one is left out, except in files that hold none (digests of modules, headers, lexers, translations), and so is
whatever has a credential's own grammar. Of the rest the easy part is thinned out. Read what is reported on stderr, and
the alarms of the trained model on trees that it has not seen: they say which rule of GenericSieve.swift is missing.
"""
import collections, json, random, re, sys

UNIT = 512
NEVER = re.compile(r"go\.sum$|\.h$|\.hpp$|,v$|\.po$|lexers/|/man/|idna|seeds\.json|unicode|messages_")
ALWAYS = {"armour", "webToken", "basic", "bearer"}
LIKELY = {"hash", "url", "login"}


def main():
    random.seed(1)
    seen, counts = collections.Counter(), collections.Counter()
    for path in sys.argv[1:]:
        with open(path, errors="replace") as lines:
            for line in lines:
                row = json.loads(line)
                key = (row["p"].split("/")[0], row["n"], row["v"], row["f"])
                seen[key] += 1
                if seen[key] > 3:
                    continue
                if row["f"] in ALWAYS or row["f"] in LIKELY and row["s"] > -1.5 * UNIT:
                    counts["has a grammar"] += 1
                elif row["s"] > 0 and not NEVER.search(row["p"]):
                    counts["taken for a credential"] += 1
                elif row["s"] > -5 * UNIT or random.random() < 0.12:
                    counts["kept"] += 1
                    sys.stdout.write(line)
                else:
                    counts["easy"] += 1
    print(dict(counts), file=sys.stderr)


main()
