// The first walk: every blob, commit and tag of the store, each once. Content goes to the matcher; of commits and tags
// the links are kept.

internal import Git
internal import Model
internal import Synchronization

/// A commit's links.
struct CommitLinks {
  var id: ObjectID
  var tree: ObjectID
  var parents: [ObjectID]
}

/// A blob, commit or tag that holds values.
struct Holder {
  var id: ObjectID
  var values: ValueSetNumber
}

/// Counts what is done, for whoever watches.
final class ProgressCounter: Sendable {
  private let done = Atomic<Int>(0)
  private let stage: String
  private let total: Int?
  private let show: (@Sendable (ScanProgress) -> Void)?
  private static let step = 512

  init(_ stage: String, total: Int? = nil, _ show: (@Sendable (ScanProgress) -> Void)?) {
    self.stage = stage
    self.total = total
    self.show = show
  }

  /// One more.
  func advance() {
    guard let show else { return }
    let count = done.add(1, ordering: .relaxed).newValue
    if count % ProgressCounter.step == 0 { show(ScanProgress(stage: stage, done: count, total: total)) }
  }
}

/// One thread's part of the first walk.
struct ContentVisitor: ObjectVisitor {
  typealias State = Never

  private let matcher: ContentMatcher
  private let maximumBlobBytes: Int
  private let progress: ProgressCounter
  private(set) var blobs: [Holder] = []
  /// Commits and tags whose own text holds values.
  private(set) var texts: [Holder] = []
  private(set) var commits: [CommitLinks] = []
  /// Annotated tags and what they name.
  private(set) var tags: [(id: ObjectID, target: ObjectID)] = []
  private(set) var coverage = Coverage()
  private(set) var failures: [ObjectFailure] = []

  init(_ matcher: ContentMatcher, _ options: ScanOptions, _ progress: ProgressCounter) {
    self.matcher = matcher
    maximumBlobBytes = options.maximumBlobBytes
    self.progress = progress
  }

  mutating func visit(_ object: StoredObject, _ bytes: Span<UInt8>, delta: DeltaRuns?, parent: Never?) -> Never? {
    progress.advance()
    switch object.kind {
    case .blob: visitBlob(object.id, bytes)
    case .commit:
      coverage.commits += 1
      guard let header = CommitHeader(bytes) else {
        coverage.add(Skip(reason: .corrupt, object: object.id, detail: "a commit that names no tree"))
        return nil
      }
      commits.append(CommitLinks(id: object.id, tree: header.tree, parents: header.parents))
      visitText(object.id, bytes)
    case .tag:
      coverage.tags += 1
      guard let target = TagHeader.target(bytes) else {
        coverage.add(Skip(reason: .corrupt, object: object.id, detail: "a tag that names no object"))
        return nil
      }
      tags.append((object.id, target))
      visitText(object.id, bytes)
    case .tree: break
    }
    return nil
  }

  private mutating func visitBlob(_ id: ObjectID, _ bytes: Span<UInt8>) {
    guard bytes.count <= maximumBlobBytes else {
      coverage.add(Skip(reason: .tooLarge, object: id, detail: "\(bytes.count) bytes are more than the limit"))
      return
    }
    coverage.blobs += 1
    coverage.bytes += Int64(bytes.count)
    if let pointer = LFSPointer.describe(bytes) {
      coverage.add(Skip(reason: .lfsPointer, object: id, detail: pointer))
    }
    let values = match(id, bytes)
    if values != 0 { blobs.append(Holder(id: id, values: values)) }
  }

  private mutating func visitText(_ id: ObjectID, _ bytes: Span<UInt8>) {
    coverage.bytes += Int64(bytes.count)
    let values = match(id, bytes.extracting(ObjectText.start(bytes)..<bytes.count))
    if values != 0 { texts.append(Holder(id: id, values: values)) }
  }

  private mutating func match(_ id: ObjectID, _ bytes: Span<UInt8>) -> ValueSetNumber {
    let result = matcher.match(bytes)
    for skip in result.skips(matcher.rules, object: id) { coverage.add(skip) }
    return result.hits.isEmpty ? 0 : matcher.values.set(result.hits.map(\.value))
  }

  mutating func failed(_ failure: ObjectFailure) { failures.append(failure) }
}

/// The part of a commit or a tag that people wrote.
enum ObjectText {
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
