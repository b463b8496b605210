"""Reads dumped candidates and the development set's labels."""
import collections, csv, json
import numpy as np
from boost import Data

SOFT = {"UUID", "Nonce", "Salt", "AWS S3 Bucket", "Firebase Domain", "Tencent WeChat API App ID", "Other"}


def units(path):
    """(path, first line, last line) -> whether it is a credential, its kinds, the labelled rows."""
    found = {}
    with open(path) as file:
        for row in csv.DictReader(file):
            key = (row["path"], int(row["line_start"]), int(row["line_end"]))
            unit = found.setdefault(key, {"true": False, "kinds": set(), "rows": []})
            unit["rows"].append(row)
            if row["label"] == "T":
                unit["true"] = True
                unit["kinds"].update(row["category"].split(":"))
    return found


class Samples:
    def __init__(self):
        self.meta, self.y, self.w, self.group, self.touched = [], [], [], [], []
        self.ptr, self.cols, self.vals = [0], [], []

    def add(self, row, y, w, group, touched=()):
        pairs = row.pop("x")
        self.meta.append(row)
        self.y.append(y)
        self.w.append(w)
        self.group.append(group)
        self.touched.append(touched)
        self.cols += pairs[0::2]
        self.vals += pairs[1::2]
        self.ptr.append(len(self.cols))

    def finish(self, repeats=0.0):
        """Makes arrays of it all. What one repository repeats (a name, a form) counts less each time: n times count for
        n to the power of 1 - `repeats`."""
        self.y, self.w = np.array(self.y, float), np.array(self.w, float)
        keys = [(group, row["n"].lower(), row["f"], y) for group, row, y in zip(self.group, self.meta, self.y)]
        counts = collections.Counter(keys)
        self.w *= np.array([counts[key] ** -repeats for key in keys])
        self.group = np.array(self.group)
        self.data = Data(np.array(self.ptr), np.array(self.cols, np.int64), np.array(self.vals, np.int64))
        return self


def read(path):
    with open(path, errors="replace") as file:
        for line in file:
            yield json.loads(line)


def development(dump, labels, samples, root):
    """Adds the development set: a candidate that holds a labelled value is true; one on a line labelled false is false;
    one on a line without a label counts little; one beside a true value on its line less still."""
    marked = units(labels)
    by_file = collections.defaultdict(list)
    for key in marked:
        by_file[key[0]].append(key)
    text = {}
    for row in read(dump):
        touched = [key for key in by_file.get(row["p"], ()) if key[1] <= row["m"] and row["l"] <= key[2]]
        true = [key for key in touched if marked[key]["true"]]
        y, w = 0, 0.25
        if true:
            soft = all(not (marked[key]["kinds"] - SOFT) for key in true)
            inside = False
            for key in true:
                if row["p"] not in text:
                    with open(f"{root}/{row['p']}", errors="replace") as file:
                        text = {row["p"]: file.read().split("\n")}
                for label in marked[key]["rows"]:
                    if label["label"] != "T":
                        continue
                    if not label["value_start"] or not label["value_end"] or key[1] != key[2]:
                        inside = True
                        continue
                    value = text[row["p"]][key[1] - 1][int(label["value_start"]):int(label["value_end"])]
                    plain = value.encode("ascii", "replace").decode()
                    if len(value) > 2 and (plain[:250] in row["v"] or row["v"][:60] in plain and len(row["v"]) * 2 > len(plain)):
                        inside = True
            y, w = (1, 1.0) if inside and not soft else (0, 0.0) if soft or row["v"] == "" else (0, 0.15)
        elif touched:
            w = 1.0
        samples.add(row, y, w, row["p"].split("/")[1], tuple(touched))
    return marked


def ordinary(dump, samples, weight, ignore=()):
    """Adds candidates of ordinary source trees, none of which is taken for a credential."""
    for row in read(dump):
        key = f"{row['p']}:{row['l']}:{row['v'][:40]}"
        samples.add(row, 0, 0.0 if key in ignore else weight, "ordinary/" + row["p"].split("/")[0])
