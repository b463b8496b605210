"""Boosted trees on sparse whole numbers: histograms, second order, level by level. NumPy only, one thread, seeded."""
import numpy as np


class Bins:
    """Cuts each feature at up to `most` places; bin 0 (which holds 0) is never stored."""

    def __init__(self, rows, cols, vals, count, most=24):
        self.count = count
        self.cuts = []
        order = np.argsort(cols, kind="stable")
        ends = np.searchsorted(cols[order], np.arange(count + 1))
        for feature in range(count):
            values = np.unique(vals[order[ends[feature]:ends[feature + 1]]])
            values = values[values > 0]
            if len(values) > most:
                every = vals[order[ends[feature]:ends[feature + 1]]]
                values = np.unique(np.quantile(every, np.linspace(0, 1, most + 1), method="lower"))
                values = values[values > 0]
            # A cut c parts x <= c from x > c.
            self.cuts.append(np.concatenate([[0], values[:-1]]).astype(np.int64) if len(values) else np.zeros(0, np.int64))
        self.start = np.concatenate([[0], np.cumsum([len(cut) for cut in self.cuts])]).astype(np.int64)
        self.width = int(self.start[-1])

    def columns(self, cols, vals):
        """The column of each entry: how many cuts lie below its value, less one; -1 for bin 0."""
        out = np.full(len(cols), -1, np.int64)
        order = np.argsort(cols, kind="stable")
        ends = np.searchsorted(cols[order], np.arange(self.count + 1))
        for feature in range(self.count):
            at = order[ends[feature]:ends[feature + 1]]
            if len(at) and len(self.cuts[feature]):
                bin_ = np.searchsorted(self.cuts[feature], vals[at], side="left") - 1
                out[at] = np.where(bin_ >= 0, self.start[feature] + bin_, -1)
        return out


class Data:
    """Sparse rows: `ptr` into `cols`, `vals`."""

    def __init__(self, ptr, cols, vals):
        self.ptr, self.cols, self.vals = ptr, cols, vals
        self.rows = np.repeat(np.arange(len(ptr) - 1), np.diff(ptr))
        self.n = len(ptr) - 1

    def take(self, index):
        lengths = np.diff(self.ptr)[index]
        ptr = np.concatenate([[0], np.cumsum(lengths)])
        at = np.repeat(self.ptr[index] - ptr[:-1], lengths) + np.arange(ptr[-1])
        return Data(ptr, self.cols[at], self.vals[at])

    def dense(self, count):
        out = np.zeros((self.n, count), np.int16)
        out[self.rows, self.cols] = self.vals
        return out


def train(data, y, w, count, trees=200, depth=5, rate=0.1, ridge=4.0, least=4.0, share=0.6, columns=0.5, seed=1, log=None):
    """Returns (bias, trees). A tree is a list of [feature, cut, left, right, value]; feature -1 is a leaf."""
    rng = np.random.default_rng(seed)
    bins = Bins(data.rows, data.cols, data.vals, count)
    column = bins.columns(data.cols, data.vals)
    keep = column >= 0
    rows, column = data.rows[keep], column[keep]
    ends = np.searchsorted(rows, np.arange(data.n + 1))
    width = bins.width
    feature_of = np.repeat(np.arange(count), np.diff(bins.start))
    cut_of = np.concatenate(bins.cuts) if width else np.zeros(0)
    dense = data.dense(count)
    bias = float(np.log((w * y).sum() / (w * (1 - y)).sum()))
    margin = np.full(data.n, bias)
    forest = []
    for number in range(trees):
        p = 1 / (1 + np.exp(-margin))
        g, h = w * (p - y), np.maximum(w * p * (1 - p), 1e-9)
        taken = np.flatnonzero(rng.random(data.n) < share)
        lengths = (ends[1:] - ends[:-1])[taken]
        offset = np.concatenate([[0], np.cumsum(lengths)])
        at = np.repeat(ends[:-1][taken] - offset[:-1], lengths) + np.arange(offset[-1])
        entry_row = np.repeat(np.arange(len(taken)), lengths)
        entry_col = column[at]
        allowed = np.repeat(rng.random(count) < columns, np.diff(bins.start))
        chosen = allowed[entry_col]
        entry_row, entry_col = entry_row[chosen], entry_col[chosen]
        gt, ht = g[taken], h[taken]
        node = np.zeros(len(taken), np.int64)
        tree = [[-1, 0, 0, 0, 0.0]]
        level = [0]
        tree[0][4] = -gt.sum() / (ht.sum() + ridge)
        for _ in range(depth):
            slot = np.full(len(tree), -1)
            slot[level] = np.arange(len(level))
            where = slot[node]
            live = where >= 0
            k = len(level)
            total_g = np.bincount(where[live], gt[live], k)
            total_h = np.bincount(where[live], ht[live], k)
            place = where[entry_row]
            use = place >= 0
            key = place[use] * width + entry_col[use]
            hist_g = np.bincount(key, gt[entry_row[use]], k * width).reshape(k, width)
            hist_h = np.bincount(key, ht[entry_row[use]], k * width).reshape(k, width)
            # Sums over x > cut: from each column to the end of its feature.
            sum_g, sum_h = suffix(hist_g, bins.start), suffix(hist_h, bins.start)
            left_g, left_h = total_g[:, None] - sum_g, total_h[:, None] - sum_h
            gain = sum_g**2 / (sum_h + ridge) + left_g**2 / (left_h + ridge) - (total_g**2 / (total_h + ridge))[:, None]
            gain[(sum_h < least) | (left_h < least) | ~allowed[None, :]] = -1
            best = gain.argmax(1) if width else np.zeros(k, int)
            following = []
            for i, parent in enumerate(level):
                b = best[i]
                if gain[i, b] <= 1e-3:
                    continue
                left, right = len(tree), len(tree) + 1
                tree[parent][:4] = [int(feature_of[b]), int(cut_of[b]), left, right]
                tree.append([-1, 0, 0, 0, -left_g[i, b] / (left_h[i, b] + ridge)])
                tree.append([-1, 0, 0, 0, -sum_g[i, b] / (sum_h[i, b] + ridge)])
                mine = np.flatnonzero(node == parent)
                goes = dense[taken[mine], feature_of[b]] > cut_of[b]
                node[mine] = np.where(goes, right, left)
                following += [left, right]
            level = following
            if not level:
                break
        for n in tree:
            n[4] *= rate
        forest.append(tree)
        margin += apply_tree(tree, dense)
        if log and number % 50 == 49:
            log(f"  tree {number + 1}: loss {np.average(np.logaddexp(0, margin) - y * margin, weights=w):.4f}")
    return bias, forest


def suffix(hist, start):
    total = np.concatenate([np.zeros((len(hist), 1)), np.cumsum(hist, 1)], 1)
    width = hist.shape[1]
    end = np.repeat(start[1:], np.diff(start))
    return total[:, end] - total[:, np.arange(width)]


def apply_tree(tree, dense):
    node = np.zeros(len(dense), np.int64)
    feature = np.array([n[0] for n in tree])
    cut = np.array([n[1] for n in tree])
    left = np.array([n[2] for n in tree])
    right = np.array([n[3] for n in tree])
    value = np.array([n[4] for n in tree])
    while True:
        inner = np.flatnonzero(feature[node] >= 0)
        if not len(inner):
            return value[node]
        at = node[inner]
        node[inner] = np.where(dense[inner, feature[at]] > cut[at], right[at], left[at])


def margin(model, dense):
    bias, forest = model
    return bias + sum(apply_tree(tree, dense) for tree in forest)
