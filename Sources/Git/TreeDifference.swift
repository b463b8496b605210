// One tree against another, entry by entry as git sorts them. What both have in the same words is passed over without
// being read; a tree that is not sorted only looks more different than it is.

internal import Model

/// What a tree has that another one has not.
struct TreeDifference {
  /// An entry, with the other tree's of the same name.
  struct Change {
    var entry: TreeEntry
    var before: TreeEntry?
  }

  /// Entries whose content the other tree has not under that name, in the tree's order. Names lie in the tree's bytes.
  private(set) var changed: [Change] = []
  /// Entries of the other tree whose names this one has not.
  private(set) var gone: [TreeEntry] = []
  /// Whether this tree, and the other one, could be read to the end.
  private(set) var isMalformed = (now: false, before: false)

  /// Compares the bytes of two trees.
  init(_ now: Span<UInt8>, _ before: Span<UInt8>, idCount: Int) {
    var (left, right) = (TreeReader(now, idCount: idCount), TreeReader(before, idCount: idCount))
    var new: TreeEntry?
    var old: TreeEntry?
    while true {
      if new == nil, old == nil { TreeDifference.passOverEqual(&left, &right, now, before, idCount) }
      if new == nil { new = left.next() }
      if old == nil { old = right.next() }
      let order: Int
      switch (new, old) {
      case (nil, nil):
        isMalformed = (left.isMalformed, right.isMalformed)
        return
      case (nil, _): order = 1
      case (_, nil): order = -1
      case (let one?, let other?): order = TreeDifference.order(one, now, other, before)
      }
      if let one = new, order <= 0 {
        if order < 0 || old?.id != one.id { changed.append(Change(entry: one, before: order < 0 ? nil : old)) }
        new = nil
      }
      if let other = old, order >= 0 {
        if order > 0 { gone.append(other) }
        old = nil
      }
    }
  }

  /// Moves both readers behind the entries that are the same in mode, name and id.
  private static func passOverEqual(
    _ left: inout TreeReader, _ right: inout TreeReader, _ now: Span<UInt8>, _ before: Span<UInt8>, _ idCount: Int
  ) {
    var (one, other) = (left.offset, right.offset)
    while true {
      var (at, there) = (one, other)
      while at < now.count, there < before.count, now[at] != 0, now[at] == before[there] {
        at += 1
        there += 1
      }
      guard now.count - at > idCount, before.count - there > idCount, now[at] == 0, before[there] == 0 else { break }
      let end = at + idCount
      while at < end, now[at + 1] == before[there + 1] {
        at += 1
        there += 1
      }
      guard at == end else { break }
      (one, other) = (at + 1, there + 1)
    }
    left.offset = one
    right.offset = other
  }

  /// Below 0, 0 or above, as git sorts: a directory's name as if a slash followed.
  private static func order(
    _ one: TreeEntry, _ now: Span<UInt8>, _ other: TreeEntry, _ before: Span<UInt8>
  ) -> Int {
    let common = min(one.name.count, other.name.count)
    for index in 0..<common {
      let (left, right) = (now[one.name.lowerBound + index], before[other.name.lowerBound + index])
      if left != right { return left < right ? -1 : 1 }
    }
    func next(_ entry: TreeEntry, _ bytes: Span<UInt8>) -> Int {
      if common < entry.name.count { return Int(bytes[entry.name.lowerBound + common]) }
      return entry.kind == .tree ? 0x2f : 0
    }
    return next(one, now) - next(other, before)
  }
}
