#!/usr/bin/env python3
"""Trains the generic model.

    train.py --features FEATURES --dev DEV.jsonl --labels LABELS.csv --root DIR [--ordinary ORD.jsonl] [--ignore FILE] [--write SWIFT]

FEATURES and the .jsonl files are what `keywright rules features` prints (so that training sees what runs), those of ordinary
trees thinned by select.py; LABELS the development set's labels, DIR where it is unpacked, IGNORE a list of `path:line:value` (the
value's first 40 characters) of the ordinary trees that are credentials after all. Without --write it only cross-validates, by repository: no repository is judged by a model that has seen it.
"""
import argparse, collections, sys
import numpy as np
import boost, samples


def options():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("features", "dev", "labels", "root"):
        parser.add_argument("--" + name, required=True)
    parser.add_argument("--ordinary")
    parser.add_argument("--ordinary-weight", type=float, default=0.3)
    parser.add_argument("--ignore")
    parser.add_argument("--write")
    parser.add_argument("--trees", type=int, default=150)
    parser.add_argument("--rate", type=float, default=0.07)
    parser.add_argument("--depth", type=int, default=6)
    parser.add_argument("--bags", type=int, default=2)
    parser.add_argument("--repeats", type=float, default=0.0)
    parser.add_argument("--folds", type=int, default=5)
    parser.add_argument("--seed", type=int, default=3)
    return parser.parse_args()


def fit(data, y, w, names, arguments, log=None):
    """Several forests of other seeds, as one of their mean."""
    bias, trees = 0.0, []
    for bag in range(arguments.bags):
        model = boost.train(data, y, w, len(names), trees=arguments.trees, rate=arguments.rate, depth=arguments.depth,
                            seed=bag + 1, log=log)
        bias += model[0] / arguments.bags
        trees += [[node[:4] + [node[4] / arguments.bags] for node in tree] for tree in model[1]]
    return bias, trees


def cross_validate(set_, names, arguments):
    groups = sorted(set(set_.group))
    rng = np.random.default_rng(arguments.seed)
    fold_of = {group: number % arguments.folds for number, group in enumerate(rng.permutation(groups))}
    fold = np.array([fold_of[group] for group in set_.group])
    out = np.zeros(set_.data.n)
    for number in range(arguments.folds):
        seen = np.flatnonzero((fold != number) & (set_.w > 0))
        rest = np.flatnonzero(fold == number)
        model = fit(set_.data.take(seen), set_.y[seen], set_.w[seen], names, arguments)
        out[rest] = boost.margin(model, set_.data.take(rest).dense(len(names)))
    return out


def report(set_, marked, out):
    """Precision and recall by unit, as the development set's scorer counts them."""
    core = {key for key, unit in marked.items() if unit["true"] and unit["kinds"] - samples.SOFT}
    true, false = collections.defaultdict(lambda: -99.0), collections.defaultdict(lambda: -99.0)
    for index, touched in enumerate(set_.touched):
        mine = [key for key in touched if marked[key]["true"]]
        for key in mine or touched:
            table = true if mine else false
            table[key] = max(table[key], out[index])
    margins = np.array([true[key] for key in core])
    wrong = np.array(list(false.values()))
    plain = np.array([group.startswith("ordinary/") for group in set_.group]) & (set_.w > 0)
    best = (0,)
    for cut in np.arange(-3, 4.01, 0.25):
        tp, fp = (margins > cut).sum(), (wrong > cut).sum()
        p, r = tp / max(1, tp + fp), tp / len(core)
        f1 = 2 * p * r / max(1e-9, p + r)
        best = max(best, (f1, cut, p, r))
        print(f"cut {cut:5.2f}  precision {p:.4f}  recall {r:.4f}  F1 {f1:.4f}  ordinary alarms {(out[plain] > cut).sum()}")
    print("best F1 %.4f at %.2f: precision %.4f, recall %.4f" % best, flush=True)


def pack(model):
    """Trees as text; GenericModel.swift reads it."""
    def number(value):
        value = max(0, min(4095, int(round(value))))
        return chr(48 + (value >> 6)) + chr(48 + (value & 63))

    def subtree(tree, index):
        feature, cut, left, right, value = tree[index]
        if feature < 0:
            return number(4095) + number(2048 + value * 512)
        return number(feature) + number(cut) + number(2048 + value * 512) + subtree(tree, left) + subtree(tree, right)

    bias, forest = model
    return int(round(bias * 512)), "".join(subtree(tree, 0) for tree in forest)


def main():
    arguments = options()
    with open(arguments.features) as file:
        names = file.read().split("\n")[:-1]
    ignore = set()
    if arguments.ignore:
        with open(arguments.ignore) as file:
            ignore = {line.strip() for line in file}
    set_ = samples.Samples()
    marked = samples.development(arguments.dev, arguments.labels, set_, arguments.root)
    if arguments.ordinary:
        samples.ordinary(arguments.ordinary, set_, arguments.ordinary_weight, ignore)
    set_.finish(arguments.repeats)
    if not arguments.write:
        out = cross_validate(set_, names, arguments)
        report(set_, marked, out)
        np.save("held-out.npy", out)
        return
    seen = np.flatnonzero(set_.w > 0)
    model = fit(set_.data.take(seen), set_.y[seen], set_.w[seen], names, arguments, log=lambda text: print(text, file=sys.stderr))
    bias, text = pack(model)
    with open(arguments.write, "w") as file:
        file.write(f"// The generic model's weights. Written by Tests/Training/train.py; do not edit.\n// swift-format-ignore-file\n\nenum GenericWeights {{\n"
                   f"  /// How many features the trees were made for.\n  static let features = {len(names)}\n"
                   f"  /// The score before any feature counts.\n  static let bias = {bias}\n"
                   f"  /// {len(model[1])} trees; GenericModel says how to read them.\n"
                   f'  static let trees: StaticString = #"{text}"#\n}}\n')


main()
