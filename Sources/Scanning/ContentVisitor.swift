// The first walk: every blob, commit and tag of the store, each once. Content goes to the matcher; of commits and tags
// the links are kept.

internal import Git
internal import Matching
internal import Model
internal import Synchronization

/// Commits' ids and links, in little room.
struct CommitLinks: Sendable {
  /// For each commit its own id, its tree's and its parents'.
  private var ids: PackedIDs
  private var starts: [UInt32] = []

  init(idCount: Int) { ids = PackedIDs(idCount: idCount) }

  var count: Int { starts.count }

  /// A commit's own id.
  func id(_ index: Int) -> ObjectID { ids[Int(starts[index])] }

  /// The id of its tree.
  func tree(_ index: Int) -> ObjectID { ids[Int(starts[index]) + 1] }

  /// How many parents it has.
  func parentCount(_ index: Int) -> Int {
    (index + 1 < starts.count ? Int(starts[index + 1]) : ids.count) - Int(starts[index]) - 2
  }

  /// One of its parents.
  func parent(_ index: Int, _ number: Int) -> ObjectID { ids[Int(starts[index]) + 2 + number] }

  /// Adds a commit.
  mutating func append(_ id: ObjectID, tree: ObjectID, parents: some Sequence<ObjectID>) {
    starts.append(UInt32(truncatingIfNeeded: ids.count))
    ids.append(id)
    ids.append(tree)
    for parent in parents { ids.append(parent) }
  }

  /// Adds the commits of another list.
  mutating func append(_ other: CommitLinks) {
    if count == 0 {
      self = other
      return
    }
    for index in 0..<other.count {
      let parents = (0..<other.parentCount(index)).lazy.map { other.parent(index, $0) }
      append(other.id(index), tree: other.tree(index), parents: parents)
    }
  }
}

/// A blob, commit or tag that holds values.
struct Holder {
  var id: ObjectID
  var values: ValueSetNumber
}

/// Counts what is done, for whoever watches.
final class ProgressCounter: Sendable {
  private let done = Atomic<Int>(0)
  private let bytes = Atomic<Int>(0)
  private let stage: String
  private let total: Int?
  private let show: (@Sendable (ScanProgress) -> Void)?
  private static let step = 512

  init(_ stage: String, total: Int? = nil, _ show: (@Sendable (ScanProgress) -> Void)?) {
    self.stage = stage
    self.total = total
    self.show = show
  }

  /// One more, of so many bytes.
  func advance(_ size: Int = 0) {
    guard let show else { return }
    let sum = bytes.add(size, ordering: .relaxed).newValue
    let count = done.add(1, ordering: .relaxed).newValue
    if count % ProgressCounter.step == 0 {
      show(ScanProgress(stage: stage, done: count, total: total, bytes: size > 0 ? Int64(sum) : nil))
    }
  }
}

/// One thread's part of the first walk.
struct ContentVisitor: ObjectVisitor {
  typealias State = InheritedContent

  private let matcher: ContentMatcher
  private let maximumBlobBytes: Int
  private let progress: ProgressCounter
  private(set) var blobs: [Holder] = []
  /// Commits and tags whose own text holds values.
  private(set) var texts: [Holder] = []
  private(set) var commits: CommitLinks
  /// Annotated tags and what they name.
  private(set) var tags: [(id: ObjectID, target: ObjectID)] = []
  private(set) var coverage = Coverage()
  private(set) var failures: [ObjectFailure] = []
  /// What was read, for the next scan to know; nil where nobody wants that.
  private(set) var record: ScanRecord?
  private let budget = StateBudget()

  /// What the matcher did.
  var statistics: MatchStatistics { matcher.statistics }

  init(_ matcher: ContentMatcher, _ options: ScanOptions, idCount: Int, _ progress: ProgressCounter) {
    record = options.objectCache == nil ? nil : ScanRecord(idCount: idCount)
    commits = CommitLinks(idCount: idCount)
    self.matcher = matcher
    maximumBlobBytes = options.maximumBlobBytes
    self.progress = progress
  }

  mutating func visit(
    _ object: StoredObject, _ bytes: Span<UInt8>, delta: DeltaRuns?, parent: InheritedContent?
  ) -> InheritedContent? {
    progress.advance(bytes.count)
    switch object.kind {
    case .blob: return visitBlob(object.id, bytes, delta, parent)
    case .commit:
      coverage.commits += 1
      guard let header = CommitHeader(bytes) else {
        skip(Skip(reason: .corrupt, object: object.id, detail: "a commit that names no tree"))
        record?.add(object.id, 0)
        return nil
      }
      commits.append(object.id, tree: header.tree, parents: header.parents)
      visitText(object.id, bytes)
    case .tag:
      coverage.tags += 1
      guard let target = TagHeader.target(bytes) else {
        skip(Skip(reason: .corrupt, object: object.id, detail: "a tag that names no object"))
        record?.add(object.id, 0)
        return nil
      }
      tags.append((object.id, target))
      visitText(object.id, bytes)
    case .tree: break
    }
    return nil
  }

  private mutating func visitBlob(
    _ id: ObjectID, _ bytes: Span<UInt8>, _ delta: DeltaRuns?, _ parent: InheritedContent?
  ) -> InheritedContent? {
    guard bytes.count <= maximumBlobBytes else {
      skip(Skip(reason: .tooLarge, object: id, detail: "\(bytes.count) bytes are more than the limit"))
      record?.add(id, nil)
      return nil
    }
    coverage.blobs += 1
    coverage.bytes += Int64(bytes.count)
    record?.add(id, bytes.count)
    if let pointer = LFSPointer.describe(bytes) { skip(Skip(reason: .lfsPointer, object: id, detail: pointer)) }
    let content: MatchedContent
    if let delta, let parent {
      content = matcher.match(bytes, copies: delta.copies, parent: parent.content)
    } else {
      content = matcher.match(bytes)
    }
    for left in content.skips(matcher.rules, object: id) { skip(left) }
    if content.set != 0 { blobs.append(Holder(id: id, values: content.set)) }
    return content.matches.isComplete ? InheritedContent(content, budget) : nil
  }

  private mutating func visitText(_ id: ObjectID, _ bytes: Span<UInt8>) {
    coverage.bytes += Int64(bytes.count)
    record?.add(id, bytes.count)
    let content = matcher.match(bytes.extracting(ObjectText.start(bytes)..<bytes.count))
    for left in content.skips(matcher.rules, object: id) { skip(left) }
    if content.set != 0 { texts.append(Holder(id: id, values: content.set)) }
  }

  private mutating func skip(_ skip: Skip) {
    coverage.add(skip)
    record?.skips.append(skip)
  }

  mutating func failed(_ failure: ObjectFailure) { failures.append(failure) }
}

/// What is kept of a blob for the deltas that rest on it.
final class InheritedContent {
  let content: MatchedContent
  private let budget: StateBudget

  /// Nil when too much is kept already: the deltas are then matched as a whole.
  init?(_ content: MatchedContent, _ budget: StateBudget) {
    guard budget.take(content.matches.cost) else { return nil }
    self.content = content
    self.budget = budget
  }

  deinit { budget.give(content.matches.cost) }
}

/// Bounds what one thread keeps for deltas that are still to come, in bytes.
final class StateBudget {
  private static let maximumBytes = 32 << 20
  private var held = 0

  /// Takes so many bytes, if they are there.
  func take(_ bytes: Int) -> Bool {
    guard held <= StateBudget.maximumBytes - bytes else { return false }
    held += bytes
    return true
  }

  /// Gives bytes back.
  func give(_ bytes: Int) { held -= bytes }
}

/// The part of a commit or a tag that people wrote.
enum ObjectText {
  /// What part of a commit the byte at `offset` belongs to.
  static func place(_ bytes: Span<UInt8>, _ offset: Int) -> Place {
    var start = 0
    while start < bytes.count {
      var end = start
      while end < bytes.count, bytes[end] != 0x0a { end += 1 }
      if end == start { return .commit }
      if offset <= end {
        func begins(_ word: String) -> Bool {
          let word = Array(word.utf8)
          return end - start >= word.count && word.indices.allSatisfy { bytes[start + $0] == word[$0] }
        }
        return begins("author ") ? .author : begins("committer ") ? .committer : .commit
      }
      start = end + 1
    }
    return .commit
  }

  private static let links = ["tree ", "parent ", "object ", "type "].map { Array($0.utf8) }

  /// Where the text begins, behind the lines that only name objects: their digits must not look like keys.
  static func start(_ bytes: Span<UInt8>) -> Int {
    var at = 0
    while at < bytes.count {
      let isLink = links.contains { link in
        at + link.count <= bytes.count && link.indices.allSatisfy { bytes[at + $0] == link[$0] }
      }
      guard isLink else { return at }
      while at < bytes.count, bytes[at] != 0x0a { at += 1 }
      at += 1
    }
    return min(at, bytes.count)
  }
}
